// The keys of the desk, the scrolling of threads, and what the connection says. Everything else is on the server.
(() => {
  "use strict";
  const settings = window.vinculoStaff || {};
  document.documentElement.lang = settings.lang || "en";

  const isField = (element) =>
    element instanceof HTMLElement &&
    (element.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName));
  const dialogOpen = () => document.querySelector(".q-dialog .vn-dialog") !== null;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && isField(event.target) && !dialogOpen()) {
      event.target.blur();
      return;
    }
    if (isField(event.target) || dialogOpen() || !document.querySelector(".vn-desk")) return;
    if (event.key === "/") {
      event.preventDefault();
      document.querySelector(".vn-search-input")?.focus();
    } else if (["j", "k", "r", "n", "?"].includes(event.key)) {
      event.preventDefault();
      emitEvent("vn_key", event.key);
    }
  });

  // A thread opens at its newest message and stays there, unless one has scrolled up to read.
  const NEAR_PX = 120;
  const followed = new WeakMap();
  const follow = () => {
    for (const log of document.querySelectorAll(".vn-log-place .vn-log")) {
      if (!followed.has(log)) {
        followed.set(log, true);
        log.addEventListener("scroll", () => {
          followed.set(log, log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX);
        });
      }
      if (followed.get(log)) log.scrollTop = log.scrollHeight;
    }
  };
  const start = () => {
    new MutationObserver(follow).observe(document.body, { childList: true, subtree: true });
    const lost = document.querySelector("#popup span");
    if (lost && settings.lost) {
      lost.textContent = settings.lost;
      lost.nextElementSibling?.remove();
      lost.parentElement.setAttribute("role", "status");
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
