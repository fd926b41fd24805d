(() => {
  // The server tells that it is there every two seconds: see ALIVE in server.rs.
  const SILENT = 6_000;
  const GIVE_UP = 20_000;
  const OVER = "The session can't be reached any more: it is over, or was ended. What is shown is the last that came.";
  const main = document.querySelector("main");
  const lost = document.getElementById("connection");
  const isOver = () => document.querySelector("[data-over]") !== null;

  // What is the same stays the same element, so that what a reader opened, scrolled, marked or went to remains so.
  const alike = (old, now) =>
    old.nodeType === now.nodeType && old.nodeName === now.nodeName &&
    (old.nodeType !== Node.ELEMENT_NODE || old.getAttribute("class") === now.getAttribute("class"));
  const become = (old, now) => {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== now.data) old.data = now.data;
      return;
    }
    for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    const gone = [...old.attributes].filter(({ name }) => !now.hasAttribute(name) && name !== "open");
    for (const { name } of gone) old.removeAttribute(name);
    fill(old, now);
  };
  const fill = (old, now) => {
    let next = old.firstChild;
    for (const wanted of [...now.childNodes]) {
      let same = next;
      while (same && !alike(same, wanted)) same = same.nextSibling;
      if (!same) {
        old.insertBefore(wanted, next);
        continue;
      }
      while (next !== same) {
        const after = next.nextSibling;
        next.remove();
        next = after;
      }
      become(same, wanted);
      next = same.nextSibling;
    }
    while (next) {
      const after = next.nextSibling;
      next.remove();
      next = after;
    }
  };

  const place = (id) => {
    const known = document.getElementById(id);
    if (known) return known;
    const made = document.createElement("div");
    made.id = id;
    main.append(made);
    return made;
  };
  const isMarked = (part) => {
    const selection = document.getSelection();
    return selection.rangeCount > 0 && !selection.isCollapsed && selection.containsNode(part, true);
  };
  // What came while text of its part was marked, by part.
  const held = new Map();
  const show = () => {
    for (const [id, html] of held) {
      const part = place(id);
      if (id !== "state" && isMarked(part)) continue;
      const now = document.createElement("template");
      now.innerHTML = html;
      fill(part, now.content);
      held.delete(id);
    }
    window.readCharts();
  };
  document.addEventListener("selectionchange", () => { if (held.size > 0) show(); });

  let source;
  let heard = performance.now();
  const hear = () => { heard = performance.now(); lost.hidden = true; };
  const tell = (text) => { lost.textContent = text; lost.hidden = false; };
  const connect = () => {
    source?.close();
    source = new EventSource("events" + window.location.search);
    source.addEventListener("alive", hear);
    source.onmessage = (event) => {
      const { session, parts } = JSON.parse(event.data);
      // Another session is served here now; nothing of this page is about it.
      if (session !== main.dataset.session) return window.location.reload();
      hear();
      for (const part of parts) held.set(part.id, part.html);
      show();
    };
    source.onerror = () => { if (!isOver()) tell(OVER); };
  };
  connect();
  let tried = heard;
  setInterval(() => {
    const now = performance.now();
    const silent = now - heard;
    if (silent < SILENT) return;
    // A connection that is cut or refused may never come back by itself.
    if (now - Math.max(tried, heard) > GIVE_UP) {
      tried = now;
      connect();
    }
    if (isOver() || source.readyState !== EventSource.OPEN && lost.textContent === OVER) return;
    tell(`Nothing has come for ${Math.round(silent / 1000)} s: the session is held up, or the network is gone. What is shown is the last that came.`);
  }, 1_000);
})();
