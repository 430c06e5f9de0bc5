"use strict";
(() => {
  const text = (id) => document.getElementById(id).textContent;
  const palettes = JSON.parse(text("palettes"));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let printing = false;
  let figures = {};

  const unpack = async (id) => {
    const bytes = Uint8Array.from(atob(text(id).trim()), (letter) => letter.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  };

  const paint = (spec, colours) => {
    if (typeof spec === "string") return Object.hasOwn(colours, spec) ? colours[spec] : spec;
    if (Array.isArray(spec)) return spec.map((part) => paint(part, colours));
    if (spec && typeof spec === "object")
      return Object.fromEntries(Object.entries(spec).map(([key, part]) => [key, paint(part, colours)]));
    return spec;
  };

  const draw = async (plot) => {
    const spec = figures[plot.dataset.figure];
    if (!spec) return;
    const { data, layout } = paint(spec, palettes[dark.matches && !printing ? "dark" : "light"]);
    const narrow = plot.clientWidth < 520;
    if (narrow) {
      layout.margin = { ...layout.margin, l: 44, r: 8 };
      layout.font.size = 11;
      layout.dragmode = false;
      if (layout.height > 360) layout.height = 360;
      for (const axis of [layout.xaxis, layout.yaxis]) if (axis.type !== "category") axis.nticks = 6;
      if (layout.xaxis.rangeselector) { layout.legend.y = -0.12; layout.legend.yanchor = "top"; layout.margin.b = 60; }
    }
    layout.uirevision = plot.dataset.figure;
    plot.querySelector(".hint")?.remove();
    await Plotly.react(plot, data, layout, { responsive: true, displayModeBar: false });
    if (data[0].type === "candlestick" && !plot.dataset.fits) {
      plot.dataset.fits = "1";
      plot.on("plotly_relayout", (change) => fit(plot, change));
    }
  };

  const fit = (plot, change) => {
    if (change["xaxis.autorange"]) return Plotly.relayout(plot, { "yaxis.autorange": true });
    if (!("xaxis.range[0]" in change) && !("xaxis.range" in change)) return;
    if ("yaxis.range[0]" in change) return;
    const [from, to] = plot.layout.xaxis.range.map((edge) => Date.parse(String(edge).replace(" ", "T").replace(/Z?$/, "Z")));
    const bars = plot.data[0];
    let low = Infinity, high = -Infinity;
    bars.x.forEach((moment, i) => {
      const at = Date.parse(moment);
      if (at >= from && at <= to) { low = Math.min(low, bars.low[i]); high = Math.max(high, bars.high[i]); }
    });
    if (high > low) Plotly.relayout(plot, { "yaxis.range": [low - (high - low) * 0.06, high + (high - low) * 0.06] });
  };

  const plots = () => [...document.querySelectorAll(".plot[data-figure]")];
  const drawAll = async () => { for (const plot of plots()) await draw(plot); };

  const sortable = (table) => {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => head.querySelector("button")?.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.hasAttribute("aria-sort") && other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent;
      const rows = [...body.rows].map((row) => [key(row), row]);
      const numeric = rows.every(([value]) => value !== "" && !Number.isNaN(Number(value)));
      rows.sort(([a], [b]) => (numeric ? a - b : a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1));
      body.append(...rows.map(([, row]) => row));
    }));
  };

  const start = async () => {
    document.querySelectorAll("table.sortable").forEach(sortable);
    document.querySelectorAll("select[data-plot]").forEach((select) => select.addEventListener("change", () => {
      const plot = document.getElementById(select.dataset.plot);
      plot.dataset.figure = select.value;
      draw(plot);
    }));
    const library = document.createElement("script");
    library.textContent = await unpack("plotly-packed");
    document.head.append(library);
    figures = JSON.parse(await unpack("figures-packed"));
    await drawAll();
    dark.addEventListener("change", drawAll);
    addEventListener("beforeprint", () => { printing = true; drawAll(); });
    addEventListener("afterprint", () => { printing = false; drawAll(); });
    document.documentElement.dataset.drawn = "yes";
  };

  start().catch((error) => {
    document.documentElement.dataset.drawn = "no";
    console.error(error);
    document.querySelectorAll(".plot .hint").forEach((hint) => {
      hint.textContent = "The figures need a browser of 2023 or later; every number is in the tables.";
    });
  });
})();
