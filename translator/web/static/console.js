// Lights the bytes of the value that is pointed at or focused, and asks the first page anew now and then.
// Every page works without it: a value is a link to its bytes, and its steps stand below.
"use strict";

document.documentElement.classList.add("scripted");

function light(root) {
  const marks = new Map();
  for (const mark of root.querySelectorAll("mark[data-keys]")) {
    for (const key of mark.dataset.keys.split(" ")) {
      if (!marks.has(key)) marks.set(key, []);
      marks.get(key).push(mark);
    }
  }
  const values = [...root.querySelectorAll("[data-key]")];
  const traces = [...root.querySelectorAll(".trace")];
  const hint = root.querySelector(".hint");

  // Scrolls the source alone, and only where it stands beside the payload.
  function reveal(mark) {
    const box = root.querySelector(".source .scroll");
    if (box.scrollHeight <= box.clientHeight) return;
    const [inner, outer] = [mark.getBoundingClientRect(), box.getBoundingClientRect()];
    if (inner.top < outer.top || inner.bottom > outer.bottom) box.scrollTop += inner.top - outer.top - outer.height / 3;
  }

  function show(keys, trace, beside = true) {
    for (const lit of root.querySelectorAll(".lit, .near")) lit.classList.remove("lit", "near");
    for (const mark of marks.get(trace) || []) mark.classList.add("near");
    const lit = keys.flatMap((key) => marks.get(key) || []);
    for (const mark of lit) {
      mark.classList.remove("near");
      mark.classList.add("lit");
    }
    if (lit.length && beside) reveal(lit[0]);
    for (const value of values) if (keys.includes(value.dataset.key)) value.classList.add("lit");
    const row = document.getElementById("r-" + trace);
    if (row) row.classList.add("lit");
    if (!trace) return;
    if (hint) hint.hidden = true;
    for (const each of traces) {
      const chosen = each.id === "t-" + trace;
      each.hidden = !chosen;
      each.open = chosen;
      each.classList.toggle("lit", chosen);
      if (chosen) each.parentElement.scrollTop = 0;
    }
  }

  for (const value of values) {
    const lit = () => show([value.dataset.key], value.dataset.trace);
    value.addEventListener("mouseenter", lit);
    value.addEventListener("focus", lit);
  }
  for (const mark of root.querySelectorAll("mark[data-keys]")) {
    mark.addEventListener("mouseenter", () => {
      const keys = mark.dataset.keys.split(" ");
      const value = values.find((each) => keys.includes(each.dataset.key) && each.dataset.trace);
      show(keys.filter((key) => !key.startsWith("e")), value && value.dataset.trace, false);
    });
  }
  // Closed until something is pointed at, so that the page is short.
  if (values.length) for (const each of traces) each.hidden = true;
  for (const link of root.querySelectorAll('a[href^="#t-"]')) {
    link.addEventListener("click", () => show([], link.getAttribute("href").slice(3)));
  }
}

async function refresh(seconds) {
  const main = document.querySelector("main");
  const busy = main.contains(document.activeElement) && document.activeElement !== main;
  if (!document.hidden && !busy) {
    try {
      const answer = await fetch(location.href, { headers: { "x-refresh": "1" }, redirect: "error" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("main");
      if (answer.ok && fresh) main.replaceChildren(...fresh.childNodes);
      say(answer.ok ? "" : "The console does not answer; these are old figures. ");
    } catch {
      say("The console does not answer, or you are logged out; these are old figures. ");
    }
  }
  setTimeout(refresh, seconds * 1000, seconds);
}

function say(text) {
  const told = document.querySelector(".refreshed");
  if (told) told.textContent = text;
}

const pair = document.querySelector("#pair");
if (pair) light(document.querySelector("main"));

const seconds = Number(document.querySelector("main").dataset.refresh);
if (seconds) setTimeout(refresh, seconds * 1000, seconds);
