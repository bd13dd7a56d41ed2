# The servers: nginx, one worker on its own core (plain, TLS, HTTP/2), haproxy, and a bare one with its log.

NGINX='' HAPROXY='' BARE='' WORKER='' SERVER=''

make_certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout "$DIR/key.pem" -out "$DIR/cert.pem" 2>/dev/null
}

start_servers() {
    local tls=''
    mkdir "$DIR/www"
    head -c 612 /dev/zero | tr '\0' x >"$DIR/www/page.html"
    printf '{"token":"3f0e9a7c52d84b16b0c4","state":"open","rows":[%s]}' "$(printf '{"section":%d,"votes":[48,52],"final":true},' {101..113} | sed 's/,$//')" >"$DIR/www/captures.json"
    [[ -f $DIR/cert.pem ]] && tls="server { listen 127.0.0.1:$TLS_PORT ssl backlog=16384; root $DIR/www;
        ssl_certificate $DIR/cert.pem; ssl_certificate_key $DIR/key.pem; ssl_session_cache shared:s:10m; }"
    cat >"$DIR/nginx.conf" <<CONF
daemon off; pid $DIR/nginx.pid; error_log $DIR/error.log; worker_processes 1; worker_rlimit_nofile 20000;
events { worker_connections 16384; }
http {
    access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; open_file_cache max=16; http2_max_concurrent_streams 128;
    client_body_temp_path $DIR/t; proxy_temp_path $DIR/t; fastcgi_temp_path $DIR/t; uwsgi_temp_path $DIR/t; scgi_temp_path $DIR/t;
    server {
        listen 127.0.0.1:$PORT backlog=16384; root $DIR/www;
        location /captures.json { add_header X-Version 5753b3f0-264-a1b2c3d4; add_header Set-Cookie "SESSION=\$request_id; Path=/; HttpOnly"; }
    }
    server { listen 127.0.0.1:$H2_PORT http2 backlog=16384; root $DIR/www; }
    $tls
}
CONF
    taskset -c "$SERVER_CORE" nginx -e "$DIR/error.log" -c "$DIR/nginx.conf" 2>/dev/null &
    NGINX=$!
    wait_for "$PORT"
    kill -0 "$NGINX" || { echo "figures.sh: nginx did not start: $(tail -n1 "$DIR/error.log")" >&2; return 1; }
    WORKER=$(cat "/proc/$NGINX/task/$NGINX/children")
    WORKER=${WORKER%% *} SERVER=${WORKER%% *}
    if have haproxy; then
        cat >"$DIR/haproxy.cfg" <<CONF
global
    nbthread 1
    maxconn 4096
defaults
    mode http
    timeout client 1h
    timeout http-keep-alive 1h
frontend page
    bind 127.0.0.1:$HAPROXY_PORT
    http-request return status 200 content-type text/plain file $DIR/www/page.html
CONF
        taskset -c "$SERVER_CORE" haproxy -db -q -f "$DIR/haproxy.cfg" >/dev/null 2>&1 &
        HAPROXY=$!
        wait_for "$HAPROXY_PORT"
    fi
}

wait_for() {
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        sleep 0.05
    done
    echo "figures.sh: nothing listens on port $1" >&2
    return 1
}

# The bare server with its log; it ends, and writes it, with its standard input.
start_bare() {
    exec {BARE_INPUT}> >(exec taskset -c "$SERVER_CORE" "$BIN/examples/floor_server" "127.0.0.1:$BARE_PORT" "$DIR/log" >"$DIR/bare")
    BARE=$!
    wait_for "$BARE_PORT"
}

stop_bare() {
    exec {BARE_INPUT}>&-
    wait "$BARE" || true
    BARE=''
}

stop_servers() {
    local pid
    for pid in $NGINX $HAPROXY $BARE; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
    rm -rf "$DIR"
}
