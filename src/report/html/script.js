"use strict";
// A line that follows the pointer over a chart and tells what is drawn there, read back from the drawing itself.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const scale = (text) => {
    const [low, high, from, to, kind] = text.split(" ");
    const [a, b, p, q] = [low, high, from, to].map(Number);
    return (pixel) => {
      const share = (pixel - p) / (q - p);
      return kind === "log" ? a * Math.pow(b / a, share) : a + share * (b - a);
    };
  };
  const points = (path) =>
    [...path.getAttribute("d").matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map((found) => [Number(found[1]), Number(found[2])]);
  const nearest = (all, x) => all.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best), all[0]);
  const short = (value) => (value === 0 ? "0" : Number(value.toPrecision(3)).toString());

  const watch = (svg) => {
    if (svg.dataset.read) return;
    svg.dataset.read = "yes";
    const plot = document.createElement("div");
    plot.className = "plot";
    svg.replaceWith(plot);
    plot.append(svg);
    const told = document.createElement("div");
    told.className = "told";
    told.hidden = true;
    plot.append(told);
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("class", "reading");
    svg.append(line);
    const upwards = scale(svg.dataset.y);
    const series = [...svg.querySelectorAll("path[data-name]")].map((path) => [path.dataset.name, points(path)]).filter((one) => one[1].length > 0);
    const leave = () => { told.hidden = true; line.removeAttribute("d"); };
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
      if (x < 62 || x > 708 || series.length === 0) return leave();
      const at = nearest(series[0][1], x)[0];
      line.setAttribute("d", `M${at} 10V210`);
      told.textContent = series.map(([name, all]) => `${name} ≈ ${short(upwards(nearest(all, at)[1]))}`).join("\n");
      told.hidden = false;
      told.style.top = "1.5rem";
      const left = (at / svg.viewBox.baseVal.width) * box.width;
      told.style.left = `${Math.min(left + 8, box.width - told.offsetWidth)}px`;
    });
    svg.addEventListener("pointerleave", leave);
  };
  window.readCharts = () => document.querySelectorAll("svg[data-x]").forEach(watch);
  window.readCharts();
})();
