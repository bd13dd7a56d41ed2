// A desktop in its owner's browser: starts it, opens its stream, draws what is known of each frame (the picture itself is
// filling), and sends what hand and keyboard do. The canvas tells how many frames came, and the newest input answered.
"use strict";
const screen = document.querySelector("canvas"), paint = screen.getContext("2d");
const words = document.querySelector("#state"), again = document.querySelector("#again");
const KEPT = 240, INPUTS_EVERY_MS = 90;
const kept = [], sent = new Map();
let socket = null, newest = null, answer = "no input yet", inputs = 0, sentAt = 0;

async function ask(verb, method) {
  const reply = await fetch(`/api/desktops/${screen.dataset.id}${verb}`, { method });
  if (reply.status === 401) location.href = "/";
  return reply.json();
}

async function open() {
  again.hidden = true;
  let desk = await ask("/start", "POST");
  while (desk.state === "starting") {
    words.textContent = "starting";
    await new Promise((done) => setTimeout(done, 1000));
    desk = await ask("", "GET");
  }
  const { stream, session, reconnected } = await ask("/connect", "POST");
  inputs = 0;
  sent.clear();
  socket = new WebSocket(new URL(stream, location.href.replace("http", "ws")));
  socket.binaryType = "arraybuffer";
  socket.onopen = () => { words.textContent = `connected, session ${session}${reconnected ? ", resumed" : ""}`; };
  socket.onmessage = ({ data }) => take(new DataView(data));
  socket.onclose = ({ code, reason }) => {
    words.textContent = reason || `the connection was lost (${code})`;
    again.hidden = false;
  };
}

function take(data) {
  const [number, input] = [0, 8].map((at) => Number(data.getBigUint64(at)));
  const at = performance.now(), asked = sent.get(input);
  if (asked !== undefined) answer = `${input}, after ${(at - asked).toFixed(0)} ms`;
  for (const each of sent.keys()) if (each <= input) sent.delete(each);
  newest = { number, input, at, bytes: data.byteLength, answers: asked !== undefined };
  kept.push(newest);
  if (kept.length > KEPT) kept.shift();
}

function send(event) {
  const now = performance.now();
  if (socket?.readyState !== WebSocket.OPEN || (event.type !== "keydown" && now - sentAt < INPUTS_EVERY_MS)) return;
  sentAt = now;
  inputs += 1;
  sent.set(inputs, now);
  socket.send(JSON.stringify({ input: inputs, kind: event.type }));
}

function write(text, x, y, font, colour) {
  paint.font = `${font} system-ui, sans-serif`;
  paint.fillStyle = colour;
  paint.fillText(text, x, y);
}

function draw() {
  const { width, height } = screen, floor = height - 24;
  paint.fillStyle = "#12181f";
  paint.fillRect(0, 0, width, height);
  if (newest) {
    const facts = [["frame", newest.number.toLocaleString("en")], ["size", `${(newest.bytes / 1000).toFixed(1)} kB`],
      ["age", `${(performance.now() - newest.at).toFixed(0)} ms`], ["answers input", answer]];
    facts.forEach(([name, value], n) => {
      write(name, 24 + n * 220, 44, "15px", "#9aa7b4");
      write(value, 24 + n * 220, 80, "600 28px", "#e6ebf0");
    });
    const most = Math.max(...kept.map((it) => it.bytes)), step = (width - 48) / KEPT, top = 150;
    write(`the last ${kept.length} frames by size, up to ${(most / 1000).toFixed(0)} kB; red: it answers an input`,
      24, top - 18, "15px", "#9aa7b4");
    kept.forEach((it, n) => {
      const high = (it.bytes / most) * (floor - top);
      paint.fillStyle = it.answers ? "#e0576b" : "#4d6175";
      paint.fillRect(24 + n * step, floor - high, step - 1, high);
    });
    screen.dataset.frames = newest.number;
    screen.dataset.answered = newest.input;
  }
  requestAnimationFrame(draw);
}

for (const type of ["pointermove", "pointerdown", "wheel"]) screen.addEventListener(type, send, { passive: true });
addEventListener("keydown", send);
again.addEventListener("click", open);
document.querySelector("[name=disconnect]").addEventListener("click", () => ask("/disconnect", "POST"));
document.querySelector("[name=logoff]").addEventListener("click", async () => {
  await ask("/logoff", "POST");
  location.href = "/desktops";
});
draw();
open();
