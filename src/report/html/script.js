"use strict";
// A line that follows the pointer over a chart and tells what is drawn there, read back from the drawing itself. It lies
// over the charts and is not part of them, so that a chart may be drawn anew below it.
(() => {
  const scale = (text) => {
    const [low, high, from, to, kind] = text.split(" ");
    const [a, b, p, q] = [low, high, from, to].map(Number);
    const value = (pixel) => {
      const share = (pixel - p) / (q - p);
      return kind === "log" ? a * Math.pow(b / a, share) : a + share * (b - a);
    };
    return { from: Math.min(p, q), to: Math.max(p, q), value };
  };
  const points = (path) =>
    [...path.getAttribute("d").matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map((found) => [Number(found[1]), Number(found[2])]);
  const nearest = (all, x) => all.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best), all[0]);
  const short = (value) => (value === 0 ? "0" : Number(value.toPrecision(3)).toString());

  const made = (name) => {
    const element = document.createElement("div");
    element.className = name;
    element.hidden = true;
    document.body.append(element);
    return element;
  };
  const [line, told] = [made("reading"), made("told")];
  let pointer = null;
  const hide = () => { line.hidden = told.hidden = true; };

  const read = () => {
    const svg = pointer && document.elementFromPoint(pointer.x, pointer.y)?.closest("svg[data-x]");
    if (!svg) return hide();
    const [across, upwards] = [scale(svg.dataset.x), scale(svg.dataset.y)];
    const box = svg.getBoundingClientRect();
    const unit = box.width / svg.viewBox.baseVal.width;
    const x = (pointer.x - box.left) / unit;
    const paths = [...svg.querySelectorAll("path[data-name]")];
    const series = paths.map((path) => [path.dataset.name, points(path)]).filter((one) => one[1].length > 0);
    if (x < across.from || x > across.to || series.length === 0) return hide();
    const at = nearest(series[0][1], x)[0];
    const [left, top] = [window.scrollX + box.left, window.scrollY + box.top];
    told.textContent = series.map(([name, all]) => `${name} ≈ ${short(upwards.value(nearest(all, at)[1]))}`).join("\n");
    line.hidden = told.hidden = false;
    line.style.left = `${left + at * unit}px`;
    line.style.top = `${top + upwards.from * unit}px`;
    line.style.height = `${(upwards.to - upwards.from) * unit}px`;
    told.style.top = `${top + 8}px`;
    told.style.left = `${left + Math.max(0, Math.min(at * unit + 8, box.width - told.offsetWidth))}px`;
  };

  const follow = (event) => { pointer = { x: event.clientX, y: event.clientY }; read(); };
  const leave = () => { pointer = null; hide(); };
  document.addEventListener("pointermove", follow);
  // A finger that has tapped is gone at once, and what it asked for stays.
  document.addEventListener("pointerdown", follow);
  document.addEventListener("pointercancel", leave);
  document.documentElement.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") leave(); });
  document.addEventListener("scroll", read, { passive: true, capture: true });
  window.addEventListener("resize", leave);
  window.readCharts = read;
})();
