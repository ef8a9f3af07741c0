"use strict";
(function () {
  const { data, charts, columns } = JSON.parse(document.getElementById("payload").textContent);
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const one = (selector) => document.querySelector(selector);
  const byName = new Map(data.cases.map((item) => [item.name, item]));
  const state = { case: null, size: null, reading: "if authorised" };
  const views = new Map();

  // Which rows a chart shows now, and whether they depend on the reading, the mandate or the size.
  const ofCell = (name) => () => {
    const { fields, rows } = data[name][state.case][String(state.size)];
    return rows.map((row) => Object.fromEntries(row.map((value, at) => [fields[at], value])));
  };
  const sources = {
    feasibility: () => Object.values(data.feasibility).flat().filter((row) => row.reading === state.reading),
    binding: () => data.binding[state.case],
    funnel: ofCell("funnel"),
    strength: ofCell("strength"),
    fill: ofCell("strength"),
    contingents: ofCell("contingents"),
    burden: ofCell("burden"),
  };
  const nothing = {
    binding: "No authorised future fails, or none is authorised.",
    strength: "The mandate is never authorised.",
    fill: "The mandate is never authorised.",
    contingents: "The results have no contingents.csv with soldiers by contributor and time for this force.",
    burden: "No contributor with an army of known size sends soldiers.",
  };

  const formats = {
    text: (value) => value,
    number: (value) => value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 }),
    percent: (value) => (100 * value).toFixed(1) + "%",
  };

  // The figures of a chart as a table, made when it is opened.
  function tabulate(details) {
    const name = details.dataset.chart;
    details.querySelectorAll(".scroll").forEach((old) => old.remove());
    if (!details.open) { return; }
    const figures = charts[name].usermeta.figures;
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    figures.forEach(([, heading, kind]) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = heading;
      if (kind !== "text") { cell.className = "number"; }
      head.append(cell);
    });
    const body = table.createTBody();
    sources[name]().forEach((row) => {
      const line = body.insertRow();
      figures.forEach(([field, , kind]) => {
        const cell = line.insertCell();
        const value = row[field];
        cell.textContent = value === null || value === undefined ? "-" : formats[kind](value);
        if (kind !== "text") { cell.className = "number"; }
      });
    });
    const scroll = document.createElement("div");
    scroll.className = "scroll";
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", "Figures: " + name);
    scroll.append(table);
    details.append(scroll);
  }

  // On a telephone a legend has two columns at most.
  function narrow(part) {
    Object.entries(part).forEach(([key, value]) => {
      if (key === "columns") { part[key] = Math.min(value, 2); }
      else if (value && typeof value === "object") { narrow(value); }
    });
  }

  function say(place, words) {
    const text = document.createElement("p");
    text.className = "note";
    text.textContent = words;
    place.replaceChildren(text);
    place.dataset.drawn = "empty";
  }

  async function draw(place) {
    const name = place.dataset.chart;
    const rows = sources[name]();
    const details = one('details[data-chart="' + name + '"]');
    details.hidden = !rows.length;
    tabulate(details);
    if (views.has(name)) { views.get(name).finalize(); views.delete(name); }
    if (!rows.length) {
      say(place, nothing[name] || "Nothing to show.");
      return;
    }
    place.replaceChildren();
    const spec = structuredClone(charts[name]);
    if (place.clientWidth < 480) { narrow(spec); }
    spec.datasets = { rows };
    if (spec.height.step) { spec.height = spec.height.step * rows.length; }
    const result = await vegaEmbed(place, spec, {
      actions: false, ast: true, renderer: "svg", defaultStyle: false, tooltip: { disableDefaultStyle: true },
    });
    views.set(name, result);
    place.dataset.drawn = "chart";
  }

  // One after the other: a chart asked for twice at once must not be drawn twice.
  let queue = Promise.resolve();
  function redraw(names) {
    delete document.documentElement.dataset.ready;
    for (const place of all(".chart")) {
      if (names.includes(place.dataset.chart)) {
        queue = queue.then(() => draw(place)).catch((error) => {
          say(place, "This chart could not be drawn; its figures stand below.");
          console.error(error);
        });
      }
    }
    const mine = queue = queue.then(() => {
      if (queue === mine) { document.documentElement.dataset.ready = "yes"; }
    });
    return queue;
  }

  function fillSizes() {
    const item = byName.get(state.case);
    const kept = item.sizes.includes(state.size) ? state.size : item.shown;
    one("#size").replaceChildren(...item.sizes.map((size) => {
      const option = new Option(size.toLocaleString("en"), size);
      option.selected = size === kept;
      return option;
    }));
    state.size = kept;
  }

  function tell() {
    one("#chosen").textContent = state.case + ", " + state.size.toLocaleString("en") + " soldiers";
  }

  const ofOneForce = ["funnel", "strength", "fill", "contingents", "burden"];
  function choose(change) {
    const before = state.case;
    Object.assign(state, change);
    all("select.case").forEach((select) => { select.value = state.case; });
    fillSizes();
    tell();
    fillNations();
    return redraw(before === state.case ? ofOneForce : ["binding", ...ofOneForce]);
  }

  function cell(kind, text, value) {
    const element = document.createElement(kind);
    element.textContent = text;
    if (kind === "th") { element.scope = "row"; } else { element.className = "number"; }
    if (value !== undefined) { element.dataset.value = value === null ? "" : value; }
    return element;
  }

  const places = columns.map(([name]) => data.nationColumns.indexOf(name) + 1);
  function fillNations() {
    const rows = data.nations[state.case][String(state.size)] || [];
    const soldiers = data.nationColumns.indexOf("peak_soldiers") + 1;
    one("#nations tbody").replaceChildren(...rows.map((row) => {
      const line = document.createElement("tr");
      line.append(cell("th", row[0]), ...places.map((at) => cell("td", row[at][1], row[at][0])));
      line.dataset.sent = row[soldiers][0] > 0 ? "yes" : "";
      return line;
    }));
    const sorted = one("#nations th[aria-sort]");
    if (sorted) { sortRows(one("#nations"), sorted.cellIndex, sorted.getAttribute("aria-sort")); }
    filterNations();
  }

  function filterNations() {
    const text = one("#name").value.trim().toLocaleLowerCase();
    const onlySent = one("#sent").checked;
    show(one("#nations"), one("#count"), "contributors", (line) =>
      line.cells[0].textContent.toLocaleLowerCase().includes(text) && (!onlySent || line.dataset.sent === "yes"));
  }

  function show(table, count, what, wanted) {
    const lines = Array.from(table.tBodies[0].rows);
    lines.forEach((line) => { line.hidden = !wanted(line); });
    count.textContent = lines.filter((line) => !line.hidden).length + " of " + lines.length + " " + what;
  }

  // Numbers by value, what has none last, texts by the alphabet.
  function sortRows(table, column, direction) {
    const sign = direction === "ascending" ? 1 : -1;
    const key = (line) => {
      const found = line.cells[column];
      const text = found.dataset.value !== undefined ? found.dataset.value : found.textContent.trim();
      return { text, number: text === "" ? NaN : Number(text) };
    };
    const keyed = Array.from(table.tBodies[0].rows, (line) => [line, key(line)]);
    keyed.sort(([, a], [, b]) => {
      if (!isNaN(a.number) && !isNaN(b.number)) { return sign * (a.number - b.number); }
      if (isNaN(a.number) !== isNaN(b.number)) { return isNaN(a.number) ? 1 : -1; }
      return sign * a.text.localeCompare(b.text, "en");
    });
    table.tBodies[0].append(...keyed.map(([line]) => line));
  }

  function makeSortable(table) {
    Array.from(table.tHead.rows[0].cells).forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        // Figures from the highest down first, names from A.
        const first = heading.classList.contains("number") ? "descending" : "ascending";
        const other = first === "descending" ? "ascending" : "descending";
        const direction = heading.getAttribute("aria-sort") === first ? other : first;
        Array.from(table.tHead.rows[0].cells).forEach((cell) => cell.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", direction);
        sortRows(table, column, direction);
      });
    });
  }

  all("table.sortable").forEach(makeSortable);
  all("details.figures").forEach((details) => details.addEventListener("toggle", () => tabulate(details)));
  all("input.filter").forEach((input) => {
    const table = document.getElementById(input.dataset.table);
    const count = input.closest(".controls").querySelector(".counted");
    input.addEventListener("input", () => {
      const text = input.value.trim().toLocaleLowerCase();
      show(table, count, "entries", (line) => line.textContent.toLocaleLowerCase().includes(text));
    });
  });

  if (data.cases.length) {
    all("select.case").forEach((select) => {
      select.addEventListener("change", () => choose({ case: select.value }));
    });
    one("#size").addEventListener("change", () => choose({ size: Number(one("#size").value) }));
    one("#reading").addEventListener("change", () => {
      state.reading = one("#reading").value;
      redraw(["feasibility"]);
    });
    one("#name").addEventListener("input", filterNations);
    one("#sent").addEventListener("change", filterNations);
    redraw(["feasibility"]);
    choose({ case: data.cases[0].name });
  }
  if (!data.cases.length) { redraw([]); }
})();
