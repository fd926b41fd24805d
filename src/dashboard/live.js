(() => {
  const place = (id) => {
    const known = document.getElementById(id);
    if (known) return known;
    const made = document.createElement("div");
    made.id = id;
    document.querySelector("main").append(made);
    return made;
  };
  const lost = document.getElementById("connection");
  const source = new EventSource("events" + window.location.search);
  source.onmessage = (event) => {
    lost.hidden = true;
    for (const part of JSON.parse(event.data)) place(part.id).innerHTML = part.html;
    window.readCharts();
    document.documentElement.dataset.told = String(Number(document.documentElement.dataset.told || 0) + 1);
  };
  source.onerror = () => { lost.hidden = document.querySelector("[data-over]") !== null; };
})();
