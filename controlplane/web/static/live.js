// What a page does by itself: says whether it is live, keeps still under the pointer, and stops closings' buttons while
// what it shows may be old. The stream and the swaps are htmx's.
(() => {
  "use strict";
  const stream = document.getElementById("stream");
  const banner = document.getElementById("lost");
  const lamp = document.getElementById("lamp");
  const lampWord = document.getElementById("lamp-word");
  const lampClock = document.getElementById("lamp-clock");
  const SILENT_MS = 10000, LOOK_MS = 1000, AGAIN_MS = 4000, BACK_MS = 3000;
  const held = new Map(); // region id -> its newest element, which waits until nobody points at the region
  let heardAt = Date.now(), clock = "", live = false, lost = false, ended = false, askedAt = 0;
  let connection = null;

  function takers(disable) {
    for (const button of document.querySelectorAll("[data-takes]")) {
      if (disable && !button.disabled) {
        button.disabled = true;
        button.dataset.stopped = "";
        button.title = banner.dataset.off;
      } else if (!disable && "stopped" in button.dataset) {
        button.disabled = false;
        delete button.dataset.stopped;
        button.removeAttribute("title");
      }
    }
  }

  function heard() {
    heardAt = Date.now();
    if (lost) {
      lost = false;
      banner.textContent = banner.dataset.back;
      setTimeout(() => { if (!lost && !ended) banner.textContent = ""; }, BACK_MS);
    }
    live = true;
    lamp.classList.add("live");
    lampWord.textContent = lamp.dataset.live;
    takers(false);
  }

  function silent() {
    if (!lost) {
      lost = true;
      live = false;
      banner.textContent = banner.dataset.lost.replace("{at}", clock || lampClock.textContent || lampWord.textContent);
      lamp.classList.remove("live");
      lampWord.textContent = lamp.dataset.lost;
    }
    takers(true);
    if (Date.now() - askedAt < AGAIN_MS) return;
    askedAt = Date.now();
    if (connection && connection.reader) connection.reader.cancel();
    else htmx.trigger(stream, "again");
  }

  function look() {
    if (ended || document.hidden) return;
    if (Date.now() - heardAt > SILENT_MS) silent();
  }

  function end() {
    ended = true;
    banner.textContent = banner.dataset.ended + " ";
    const link = document.createElement("a");
    link.href = "/login?next=" + encodeURIComponent(stream.dataset.here);
    link.textContent = banner.dataset.login;
    banner.append(link);
    lamp.classList.remove("live");
    lampWord.textContent = lamp.dataset.lost;
    takers(true);
  }

  stream.addEventListener("htmx:sse:after:connection", (event) => { connection = event.detail.connection; });
  stream.addEventListener("htmx:sse:before:message", () => heard());
  stream.addEventListener("htmx:sse:error", (event) => { if (event.detail.status === 401) end(); });
  stream.addEventListener("beat", (event) => { clock = event.detail.data; lampClock.textContent = clock; });
  stream.addEventListener("ended", end);
  stream.addEventListener("resync", () => {
    htmx.ajax("GET", stream.dataset.here, { target: "#main", select: "#main", swap: "outerMorph" });
  });

  // Nothing moves under the pointer: while a list is pointed at, or holds the focus, its rows change in place; new ones
  // wait behind a button, and those that have left are struck through.
  function isUsed(region) {
    return region.matches(":hover") || (region.contains(document.activeElement) && document.activeElement !== document.body);
  }

  function keepStill(region, next) {
    let waiting = 0, urgent = false;
    for (const list of region.querySelectorAll("[data-steady]")) {
      const other = next.querySelector("#" + CSS.escape(list.id));
      const rows = new Map(other ? [...other.children].map((row) => [row.id, row]) : []);
      const fresh = [...rows.keys()].filter((id) => !document.getElementById(id));
      urgent ||= fresh.some((id) => rows.get(id).dataset.priority === "1");
      waiting += fresh.length;
      const still = [...list.children].map((row) => {
        if (rows.has(row.id)) return rows.get(row.id);
        const gone = row.cloneNode(true);
        gone.classList.add("gone");
        gone.title = banner.dataset.gone;
        return gone;
      });
      if (other) other.replaceChildren(...still);
    }
    return { waiting, urgent };
  }

  function keepOpen(region, next) {
    for (const opened of region.querySelectorAll("details[open][id]")) {
      const other = next.querySelector("#" + CSS.escape(opened.id));
      if (other) other.open = true;
    }
    for (const typed of region.querySelectorAll("input.field[id]")) {
      const other = next.querySelector("#" + CSS.escape(typed.id));
      if (other) other.value = typed.value;
    }
  }

  function show(id) {
    const next = held.get(id), now = document.getElementById(id);
    held.delete(id);
    if (next && now) { now.replaceWith(next); takers(!live); }
  }

  document.addEventListener("htmx:before:swap", (event) => {
    for (const task of event.detail.tasks || []) {
      const region = task.target, next = task.fragment && task.fragment.firstElementChild;
      if (!region || !next || !region.id || next.id !== region.id) continue;
      held.delete(region.id);
      keepOpen(region, next);
      if (!isUsed(region) || !region.querySelector("[data-steady]")) continue;
      const whole = next.cloneNode(true);
      const { waiting, urgent } = keepStill(region, next);
      if (urgent && !region.contains(document.activeElement)) {
        next.replaceWith(whole);
        continue;
      }
      held.set(region.id, whole);
      if (!waiting) continue;
      const pill = document.createElement("button");
      pill.type = "button";
      pill.className = "btn pill";
      pill.dataset.shows = region.id;
      pill.textContent = banner.dataset.new.replace("{n}", waiting);
      next.append(pill);
    }
  });
  document.addEventListener("htmx:after:swap", () => {
    takers(!live);
    const count = document.querySelector("#nav [aria-current] .count");
    const title = document.title.replace(/^\(\d[\d.,]*\) /, "");
    document.title = count ? "(" + count.textContent + ") " + title : title;
  });
  document.addEventListener("click", (event) => {
    const pill = event.target.closest("[data-shows]");
    if (pill) show(pill.dataset.shows);
  });
  function release() {
    for (const id of [...held.keys()]) {
      const region = document.getElementById(id);
      if (region && !isUsed(region)) show(id);
    }
  }
  document.addEventListener("pointerover", release);
  document.addEventListener("focusout", () => setTimeout(release, 0));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) heardAt = Math.max(heardAt, Date.now() - SILENT_MS + 3000); });
  setInterval(look, LOOK_MS);
})();
