# How each server is started, what its log says, and what it is asked. Sets LOG and PLAIN.

prepare() {
    [[ -f $DIR/cert.pem ]] && return
    mkdir -p "$DIR/www"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout "$DIR/key.pem" -out "$DIR/cert.pem" 2>/dev/null
    cat "$DIR/cert.pem" "$DIR/key.pem" >"$DIR/both.pem"
    head -c 612 /dev/zero | tr '\0' x >"$DIR/www/page.html"
    head -c 10485760 /dev/urandom >"$DIR/www/big.bin"
    seq 5000 >"$DIR/www/text.txt"
    head -c 65536 /dev/zero | tr '\0' b >"$DIR/body"
    chmod -R a+rX "$DIR"
}
started() { # PORT COMMAND…
    "${@:2}" >>"$DIR/$SERVER.out" 2>&1 &
    PIDS+=" $!" LAST=$!
    for _ in $(seq 200); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.05; done
    echo "$SERVER does not listen: $(tail -n3 "$DIR/$SERVER.out")" >&2
    return 1
}
# Ends the server, and starts it again. What a killed h2o has answered but not logged is lost to its log.
restart() {
    kill "-${END:-KILL}" "$LAST" || true
    sleep 0.7
    "again_$SERVER" >>"$DIR/$SERVER.out" 2>&1 &
    echo $! >>"$DIR/again"
}
stop_all() {
    local pid
    for pid in $PIDS $(cat "$DIR/again" 2>/dev/null); do kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; done
    PIDS='' && rm -f "$DIR/again"
}

# nginx on BASE (plain), +1 (TLS, h2 by ALPN), +2 (h2 with prior knowledge), +3 (keepalive_requests 100), +4 (a proxy of itself)
nginx_conf() {
    local common="root $DIR/www; gzip on; gzip_types text/plain; gzip_http_version 1.0; client_max_body_size 20m; client_body_buffer_size 64k;
        location /post { proxy_pass http://127.0.0.1:$((BASE + 5)); proxy_http_version 1.1; proxy_set_header Connection ''; }"
    cat <<CONF
daemon off; pid $DIR/nginx.pid; error_log $DIR/error.log; worker_processes 1; events { worker_connections 1024; }
http {
    log_format ours '\$status \$request_method \$bytes_sent \$request_length';
    log_format secret '\$status \$request_method - -';
    access_log $DIR/nginx.log ours; keepalive_requests 1000000000; types { text/html html; text/plain txt; }
    client_body_temp_path $DIR/t; proxy_temp_path $DIR/t; fastcgi_temp_path $DIR/t; uwsgi_temp_path $DIR/t; scgi_temp_path $DIR/t;
    server { listen 127.0.0.1:$BASE; $common }
    server { listen 127.0.0.1:$((BASE + 1)) ssl http2; ssl_certificate $DIR/cert.pem; ssl_certificate_key $DIR/key.pem; access_log $DIR/nginx.log secret; $common }
    server { listen 127.0.0.1:$((BASE + 2)) http2; access_log $DIR/nginx.log secret; $common }
    server { listen 127.0.0.1:$((BASE + 3)); keepalive_requests 100; $common }
    server { listen 127.0.0.1:$((BASE + 4)); location / { proxy_pass http://127.0.0.1:$((BASE + 5)); proxy_http_version 1.1; proxy_set_header Connection ''; } client_max_body_size 20m; }
    server { listen 127.0.0.1:$((BASE + 5)); access_log off; root $DIR/www; gzip on; gzip_types text/plain application/octet-stream; client_max_body_size 20m;
        location = /post { return 200 "taken\n"; } }
    server { listen 127.0.0.1:$((BASE + 6)) http2; keepalive_requests 100; access_log $DIR/nginx.log secret; $common }
}
CONF
}
start_nginx() {
    prepare
    nginx_conf >"$DIR/nginx.conf"
    LOG=$DIR/nginx.log PLAIN=http://127.0.0.1:$BASE
    started "$BASE" nginx -e "$DIR/error.log" -c "$DIR/nginx.conf"
}
log_of_nginx() { cat; }
nginx_reload() { nginx -e "$DIR/error.log" -c "$DIR/nginx.conf" -s reload; sleep 0.7; nginx -e "$DIR/error.log" -c "$DIR/nginx.conf" -s reload; }
cases_nginx() {
    local tls=https://localhost:$((BASE + 1)) h2=http://127.0.0.1:$((BASE + 2))
    more_ways 'HTTP/1.1' "$PLAIN"
    more_ways 'TLS' "$tls" -k --http1.1
    more_ways 'HTTP/2 ALPN' "$tls" -k
    more_ways 'HTTP/2 prior knowledge' "$h2" --http2
    case_ 'HTTP/2, 16 streams' "$h2/page.html" --http2 -p 16 -c 2 -n "$N"
    case_ 'no keepalive' "$PLAIN/page.html" --disable-keepalive -n 2000 -c 16
    case_ 'TLS, no keepalive' "$tls/page.html" -k --http1.1 --disable-keepalive -n 500 -c 16
    case_ 'chunked, by a proxy' "http://127.0.0.1:$((BASE + 4))/text.txt" -n "$N" -c 16 -H 'Accept-Encoding: gzip'
    case_ 'chunked, 10 MB' "http://127.0.0.1:$((BASE + 4))/big.bin" -n 20 -c 4 -H 'Accept-Encoding: gzip'
    case_ 'a hundred a connection' "http://127.0.0.1:$((BASE + 3))/page.html" -n "$N" -c 16
    case_ 'a hundred a connection, open' "http://127.0.0.1:$((BASE + 3))/page.html" -r 2000 -d 2s -c 16
    case_ 'a hundred a connection, HTTP/2' "http://127.0.0.1:$((BASE + 6))/page.html" --http2 -n "$N" -c 4 -p 8
    DURING=nginx_reload case_ 'reloaded twice, HTTP/1.1' "$PLAIN/page.html" -d 3s -c 16
    DURING=nginx_reload case_ 'reloaded twice, open' "$PLAIN/page.html" -r 1000 -d 3s -c 16
    DURING=nginx_reload case_ 'reloaded twice, TLS' "$tls/page.html" -k --http1.1 -d 3s -c 16
    DURING=nginx_reload case_ 'reloaded twice, HTTP/2' "$h2/page.html" --http2 -d 3s -c 4 -p 8
}

# haproxy before nginx: BASE + 10 (plain), +11 (TLS), +12 (h2 with prior knowledge)
start_haproxy() {
    prepare
    nginx_conf >"$DIR/nginx.conf"
    started "$((BASE + 5))" nginx -e "$DIR/error.log" -c "$DIR/nginx.conf"
    cat >"$DIR/haproxy.cfg" <<CONF
global
    nbthread 1
    maxconn 2000
    log stdout format raw local0
    tune.idle-pool.shared off
defaults
    mode http
    log global
    option http-keep-alive
    option dontlognull
    option http-ignore-probes
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    log-format "line %ST %HM %B %U"
    retries 3
    option redispatch
frontend all
    bind 127.0.0.1:$((BASE + 10))
    bind 127.0.0.1:$((BASE + 11)) ssl crt $DIR/both.pem alpn h2,http/1.1
    bind 127.0.0.1:$((BASE + 12)) proto h2
    default_backend files
backend files
    server nginx 127.0.0.1:$((BASE + 5))
CONF
    PLAIN=http://127.0.0.1:$((BASE + 10))
    started "$((BASE + 10))" haproxy -W -db -f "$DIR/haproxy.cfg"
    LOG=$DIR/haproxy.out
}
# %B counts what is written over TLS and HTTP/2 before it is framed.
log_of_haproxy() { awk '$1 == "line" { print $2, $3, "-", "-" }'; }
haproxy_reload() { kill -USR2 "$LAST"; sleep 0.7; kill -USR2 "$LAST"; }
cases_haproxy() {
    local tls=https://localhost:$((BASE + 11)) h2=http://127.0.0.1:$((BASE + 12))
    more_ways 'HTTP/1.1' "$PLAIN"
    more_ways 'TLS' "$tls" -k --http1.1
    more_ways 'HTTP/2 ALPN' "$tls" -k
    more_ways 'HTTP/2 prior knowledge' "$h2" --http2
    case_ 'HTTP/2, 16 streams' "$h2/page.html" --http2 -p 16 -c 2 -n "$N"
    case_ 'no keepalive' "$PLAIN/page.html" --disable-keepalive -n 2000 -c 16
    DURING=haproxy_reload case_ 'reloaded twice, HTTP/1.1' "$PLAIN/page.html" -d 3s -c 16
    DURING=haproxy_reload case_ 'reloaded twice, open' "$PLAIN/page.html" -r 1000 -d 3s -c 16
    DURING=haproxy_reload case_ 'reloaded twice, HTTP/2' "$h2/page.html" --http2 -d 3s -c 4 -p 8
}

start_caddy() {
    prepare
    nginx_conf >"$DIR/nginx.conf"
    started "$((BASE + 5))" nginx -e "$DIR/error.log" -c "$DIR/nginx.conf"
    cat >"$DIR/Caddyfile" <<CONF
{
    admin 127.0.0.1:$((BASE + 16))
    auto_https off
    servers {
        protocols h1 h2 h2c
    }
}
(all) {
    log {
        output file $DIR/caddy.log {
            roll_disabled
        }
    }
    root * $DIR/www
    encode gzip
    reverse_proxy /post 127.0.0.1:$((BASE + 5))
    reverse_proxy /proxied/* 127.0.0.1:$((BASE + 5))
    file_server
}
http://127.0.0.1:$((BASE + 14)) {
    import all
}
https://localhost:$((BASE + 15)) {
    tls $DIR/cert.pem $DIR/key.pem
    import all
}
CONF
    touch "$DIR/caddy.log"
    LOG=$DIR/caddy.log PLAIN=http://127.0.0.1:$((BASE + 14))
    started "$((BASE + 14))" env HOME="$DIR" caddy run --config "$DIR/Caddyfile" --adapter caddyfile
}
log_of_caddy() { jq -r 'select(.status) | "\(.status) \(.request.method) - -"'; }
# The same configuration again would be left alone.
caddy_reload() { HOME=$DIR caddy reload --force --config "$DIR/Caddyfile" --adapter caddyfile; sleep 0.5; HOME=$DIR caddy reload --force --config "$DIR/Caddyfile" --adapter caddyfile; }
cases_caddy() {
    local tls=https://localhost:$((BASE + 15))
    more_ways 'HTTP/1.1' "$PLAIN"
    more_ways 'TLS' "$tls" -k --http1.1
    more_ways 'HTTP/2 ALPN' "$tls" -k
    more_ways 'HTTP/2 prior knowledge' "$PLAIN" --http2
    case_ 'HTTP/2, 16 streams' "$tls/page.html" -k -p 16 -c 2 -n "$N"
    case_ 'no keepalive' "$PLAIN/page.html" --disable-keepalive -n 1000 -c 16
    MAY=cut DURING=caddy_reload case_ 'reloaded twice, HTTP/1.1' "$PLAIN/page.html" -d 4s -c 8
    MAY=cut DURING=caddy_reload case_ 'reloaded twice, HTTP/2' "$tls/page.html" -k -d 4s -c 4 -p 4
}

start_h2o() {
    prepare
    nginx_conf >"$DIR/nginx.conf"
    started "$((BASE + 5))" nginx -e "$DIR/error.log" -c "$DIR/nginx.conf"
    cat >"$DIR/h2o.conf" <<CONF
listen: { host: 127.0.0.1, port: $((BASE + 17)) }
listen: { host: 127.0.0.1, port: $((BASE + 18)), ssl: { certificate-file: $DIR/cert.pem, key-file: $DIR/key.pem } }
num-threads: 1
error-log: $DIR/h2o.err
access-log: { path: $DIR/h2o.log, format: "%s %m - -" }
compress: [gzip]
hosts:
  default:
    paths:
      /post: { proxy.reverse.url: "http://127.0.0.1:$((BASE + 5))/post" }
      /proxied: { proxy.reverse.url: "http://127.0.0.1:$((BASE + 5))/" }
      /: { file.dir: $DIR/www }
CONF
    LOG=$DIR/h2o.log PLAIN=http://127.0.0.1:$((BASE + 17))
    started "$((BASE + 17))" h2o -c "$DIR/h2o.conf"
}
log_of_h2o() { cat; }
again_h2o() { exec h2o -c "$DIR/h2o.conf"; }
cases_h2o() {
    local tls=https://localhost:$((BASE + 18))
    more_ways 'HTTP/1.1' "$PLAIN"
    more_ways 'TLS' "$tls" -k --http1.1
    more_ways 'HTTP/2 ALPN' "$tls" -k
    more_ways 'HTTP/2 prior knowledge' "$PLAIN" --http2
    case_ 'HTTP/2, 16 streams' "$PLAIN/page.html" --http2 -p 16 -c 2 -n "$N"
    case_ 'no keepalive' "$PLAIN/page.html" --disable-keepalive -n 2000 -c 16
    case_ 'chunked, by a proxy' "$PLAIN/proxied/text.txt" -n "$N" -c 16 -H 'Accept-Encoding: gzip'
    END=TERM MAY=fail DURING=restart case_ 'ended and started again, HTTP/2' "$PLAIN/page.html" --http2 -d 3s -c 4 -p 8
}

start_node() {
    prepare
    cat >"$DIR/server.js" <<'JS'
const fs = require('fs'), http = require('http'), [port, dir] = process.argv.slice(2);
const log = fs.openSync(dir + '/node.log', 'a'), page = fs.readFileSync(dir + '/www/page.html'), big = fs.readFileSync(dir + '/www/big.bin');
const server = http.createServer((request, response) => {
  const done = status => { response.statusCode = status; fs.writeSync(log, `${status} ${request.method} - -\n`); };
  request.resume().on('end', () => {
    if (request.url == '/page.html') { done(200); response.end(page); }                        // with a length
    else if (request.url == '/big.bin') { done(200); response.write(big); response.end(); }    // chunked
    else if (request.url == '/post') { done(200); response.end('taken'); }
    else { done(404); response.end(); }
  });
});
server.maxRequestsPerSocket = 50;
server.listen(+port, '127.0.0.1');
JS
    touch "$DIR/node.log"
    LOG=$DIR/node.log PLAIN=http://127.0.0.1:$((BASE + 19))
    started "$((BASE + 19))" node "$DIR/server.js" "$((BASE + 19))" "$DIR"
}
log_of_node() { cat; }
again_node() { exec node "$DIR/server.js" "$((BASE + 19))" "$DIR"; }
cases_node() {
    ways 'HTTP/1.1' "$PLAIN"
    case_ 'POST 64 KB' "$PLAIN/post" -n 1000 -c 8 -m POST -D "$DIR/body"
    case_ 'POST 10 MB' "$PLAIN/post" -n 20 -c 2 -m POST -D "$DIR/www/big.bin"
    case_ 'no keepalive' "$PLAIN/page.html" --disable-keepalive -n 1000 -c 16
    MAY=fail DURING=restart case_ 'killed and started again' "$PLAIN/page.html" -d 3s -c 16
    LAST=$(tail -n1 "$DIR/again") && MAY=fail DURING=restart case_ 'killed and started again, open' "$PLAIN/page.html" -r 1000 -d 3s -c 16
}

# HTTP/1.0: a body ends with its connection, unless it has a length.
start_python() {
    prepare
    LOG=$DIR/python.out PLAIN=http://127.0.0.1:$((BASE + 13))
    started "$((BASE + 13))" python3 -u -c "
import http.server
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path != '/unknown': return super().do_GET()
        self.send_response(200); self.end_headers(); self.wfile.write(b'y' * 50000)
class Server(http.server.ThreadingHTTPServer): request_queue_size = 128
import os; os.chdir('$DIR/www'); Server(('127.0.0.1', $((BASE + 13))), Handler).serve_forever()"
}
log_of_python() { sed -nE 's/.*"([A-Z]+) [^"]*" ([0-9]{3}) .*/\2 \1 - -/p'; }
cases_python() {
    local N=1000
    ways 'HTTP/1.0' "$PLAIN"
    case_ 'HTTP/1.0, ended by its close' "$PLAIN/unknown" -n 1000 -c 8
}
