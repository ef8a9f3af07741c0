"use strict";
(function () {
  const one = (selector) => document.querySelector(selector);
  const given = JSON.parse(one("#payload").textContent);
  const levers = new Map();    // path -> its element
  const settings = new Map();  // path -> text, of what was moved
  const views = new Map();     // chart -> Vega view
  const FIRST = 100, LEAST = 50, MOST = 500;  // replications while something moves
  const answers = {};          // the last ones: as written, as moved
  let reading = "if authorised", size = null, version = 0, others = 0, quick = FIRST, working = null, shown = Promise.resolve();

  // -- Levers -----------------------------------------------------------------------------------

  function wire(element) {
    const path = element.dataset.path, range = element.querySelector("[type=range]"), text = element.querySelector("[type=text]");
    levers.set(path, element);
    if (range) { range.addEventListener("input", () => move(path, range.dataset.before + range.value + range.dataset.after)); }
    text.addEventListener("change", () => move(path, text.value.trim()));
  }

  function leverOf(path) {
    if (!levers.has(path)) {
      const element = one("#other").content.firstElementChild.cloneNode(true);
      const [label, text, remove] = element.children;
      Object.assign(element.dataset, { path, start: "" });
      label.textContent = path;
      text.id = "other-" + others++;
      label.htmlFor = text.id;
      remove.setAttribute("aria-label", "Remove " + path);
      remove.addEventListener("click", () => { move(path, ""); element.remove(); levers.delete(path); });
      const told = element.querySelector(".written");
      told.id = text.id + "-told";
      text.setAttribute("aria-describedby", told.id);
      one("#others").append(element);
      wire(element);
      post("/written", [[path, ""]]).then(({ written, issues }) => {
        told.classList.toggle("nowhere", Boolean(issues));
        told.textContent = issues ? issues.map((issue) => sentence(issue.told)).join(" ") : written[0] ? "written: " + written[0] : "nothing is written, a default holds";
      }).catch(() => {});  // that nobody answers is told where figures are asked for
    }
    return levers.get(path);
  }

  const sentence = (told) => /[.?!]$/.test(told) ? told : told + ".";

  function paint(path) {
    const element = leverOf(path), moved = settings.has(path), value = moved ? settings.get(path) : element.dataset.start;
    element.classList.toggle("moved", moved);
    element.querySelector("[type=text]").value = value;
    const range = element.querySelector("[type=range]");
    if (!range) { return; }
    const { before, after } = range.dataset, number = value.slice(before.length, value.length - after.length);
    if (value === before + number + after && number.trim() && isFinite(number)) { range.value = number; }
    range.setAttribute("aria-valuetext", value);
  }

  function move(path, value) {
    if (!value || value === leverOf(path).dataset.start) { settings.delete(path); } else { settings.set(path, value); }
    paint(path);
    changed();
  }

  function readLink() {
    const link = new URLSearchParams(location.hash.slice(1)), before = [...settings.keys()];
    settings.clear();
    link.getAll("set").forEach((item) => {
      const [path, ...text] = item.split("=");
      if (path) { settings.set(path, text.join("=")); }
    });
    if (link.has("reading")) { reading = link.get("reading") === "outright" ? "outright" : "if authorised"; }
    if (link.has("size")) { size = Number(link.get("size")); }
    one("#reading").value = reading;
    new Set([...before, ...settings.keys()]).forEach(paint);
  }

  function writeLink() {
    const link = new URLSearchParams();
    settings.forEach((text, path) => link.append("set", path + "=" + text));
    if (reading !== "if authorised") { link.set("reading", reading); }
    if (size !== null) { link.set("size", size); }
    history.replaceState(null, "", location.pathname + location.search + (String(link) && "#" + link));
  }

  // -- Figures: quick ones first, then ever more replications, the newest state only ------------

  function changed() {
    version += 1;
    writeLink();
    one("#status").textContent = "New figures are being computed.";
    if (Object.keys(states()).every(known)) { show(); }  // back to what was there before: at once
    if (working && working.number > quick) { working.control.abort(); }  // a quick one is soon done
    work();
  }

  // The settings as written (but for how it is simulated), and as moved where they differ.
  function states() {
    const moved = [...settings], written = moved.filter(([path]) => path.startsWith("run."));
    return written.length === moved.length ? { written } : { written, moved };
  }

  const known = (name) => Boolean(answers[name]) && answers[name].key === JSON.stringify(states()[name]);

  // What to ask next: first what nothing is known of, then what is known with few replications.
  function question() {
    const names = Object.keys(states()), unknown = names.find((name) => !known(name));
    if (unknown) { return { name: unknown, settings: states()[unknown], number: quick }; }
    const coarse = names.reverse().find((name) => answers[name].replications < answers[name].wanted);
    if (!coarse) { return null; }
    const { replications, wanted } = answers[coarse];
    return { name: coarse, settings: states()[coarse], number: replications * 16 > wanted ? wanted : replications * 8 };
  }

  async function post(where, moved, number, signal) {
    const state = { scenario: given.scenario, mandate: given.mandate, settings: moved, replications: number, size: size ?? 0, quick: number === quick };
    const reply = await fetch(where, { method: "POST", body: JSON.stringify(state), signal, headers: { "Content-Type": "application/json" } });
    if (!reply.ok && reply.status !== 422) { throw new Error((await reply.text()) || reply.statusText); }
    return reply.json();
  }

  async function work() {
    if (working) { return; }
    delete document.documentElement.dataset.ready;
    let wrong = false;
    for (let asked = question(); asked; asked = question()) {
      const mine = version, begun = performance.now(), control = new AbortController();
      working = { number: asked.number, control };
      try {
        const reply = await post("/answer", asked.settings, asked.number, control.signal);
        if (reply.issues && mine !== version) { continue; }
        if (reply.issues) { wrong = true; tell(reply.issues); break; }
        answers[asked.name] = { ...reply, key: JSON.stringify(asked.settings) };
        const took = performance.now() - begun;
        if (asked.number === quick) { quick = Math.min(MOST, Math.max(LEAST, Math.round(quick * 400 / took))); }
        tell([]);
        await show();
      } catch (error) {
        if (error.name === "AbortError") { continue; }
        wrong = true;
        fail(error);
        break;
      }
    }
    if (!wrong) { tell([]); await show(); }  // even where all was known already
    working = null;
    document.documentElement.dataset.ready = "yes";
  }

  // Mistakes stand at their fields; others, and those of fields that are not here, at the top.
  function tell(issues) {
    document.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
    document.querySelectorAll(".wrong").forEach((place) => place.replaceChildren());
    issues.filter(({ path }) => levers.has(path)).forEach(({ path, told }) => {
      const element = levers.get(path), fold = element.closest("details");
      element.querySelector("[type=text]").setAttribute("aria-invalid", "true");
      element.querySelector(".wrong").append(sentence(told) + " ");
      if (fold) { fold.open = true; }
    });
    const rest = issues.filter(({ path }) => !levers.has(path)).map(({ path, told }) => (path ? path + ": " : "") + sentence(told));
    one("main").classList.toggle("old", issues.length > 0);
    one("#mistake").hidden = !issues.length;
    if (!issues.length) { return; }
    const marked = rest.length < issues.length ? ["Something that was typed is wrong; it is marked."] : [];
    one("#mistake").textContent = [...marked, ...rest, "The figures below are those before this mistake."].join(" ");
    one("#status").textContent = "Not computed.";
  }

  function fail(error) {
    const lost = error instanceof TypeError;  // what fetch says when nobody answers
    tell([{ path: "", told: lost ? "sim serve does not answer any more; start it again." : error.message }]);
  }

  // One after the other: a chart must not be drawn twice at once.
  function show() {
    shown = shown.then(render).catch((error) => { console.error(error); });
    return shown;
  }

  async function render() {
    if (!answers.written) { return; }
    const moved = "moved" in states() && answers.moved;
    const answer = moved || answers.written, count = (number) => number.toLocaleString("en");
    const under = answer.replications < answer.wanted, now = known(moved ? "moved" : "written");
    one("#status").textContent = (now ? "" : "Catching up. ")
      + (under ? "Quick figures: " : "") + count(answer.replications) + " replications"
      + (under ? ", the intervals are wide; " + count(answer.wanted) + " are being computed." : ".")
      + (answer.authorised ? " Authorised in " + answer.authorised + " of futures." : "");
    one("#verdict").textContent = answer.sentences[0];
    one("#further").replaceChildren(...answer.sentences.slice(1).map((words) => element("p", words)));
    const same = answers.written.replications === answer.replications ? ", the same futures." : ".";
    one("#based").textContent = moved ? "As written: " + count(answers.written.replications) + " replications" + same : "";
    const at = answer.sizes.some((row) => row.size === size) ? size : answer.shown;
    one("#size").replaceChildren(...answer.sizes.map((row) => new Option(count(row.size), row.size, false, row.size === at)));
    fill("#sizes", answer.sizes.map((row) => [count(row.size), row["if authorised"], row.outright, row.verdict]));
    fill("#binding", answer.binding.map((row) => [count(row.size), row.cause, row.told]));
    one("#contributors thead tr").replaceChildren(...["Contributor", ...answer.columns].map((name) => element("th", name, { scope: "col" })));
    fill("#contributors", answer.contributors[at] || []);
    const cases = [["as written", answers.written], ...(moved ? [["as moved", moved]] : [])];
    await draw("feasibility", cases.flatMap(([name, { feasibility }]) => feasibility.filter((row) => row.reading === reading).map((row) => ({ ...row, case: name }))));
    await draw("binding", answer.binding);
    const { fields, rows } = answer.contingents[at] || { fields: [], rows: [] };
    await draw("contingents", rows.map((row) => Object.fromEntries(row.map((value, place) => [fields[place], value]))),
      under && !answer.contingents[at] ? "Another size was asked for when these figures were computed; the next have it." : undefined);
  }

  function element(kind, text, more) {
    return Object.assign(document.createElement(kind), { textContent: text }, more);
  }

  function fill(table, rows) {
    one(table + " tbody").replaceChildren(...rows.map(([first, ...rest]) => {
      const line = document.createElement("tr");
      line.append(element("th", first, { scope: "row" }), ...rest.map((text) => element("td", text)));
      return line;
    }));
  }

  // On a telephone the curve leaves room for a lever, and a legend has two columns.
  function narrow(part) {
    Object.entries(part).forEach(([key, value]) => {
      if (key === "columns") { part[key] = 2; } else if (key === "height") { part[key] = 220; }
      else if (value && typeof value === "object" && key !== "datasets") { narrow(value); }
    });
  }

  async function draw(name, rows, why = "There is nothing to show here.") {
    const place = one(`[data-chart=${name}]`);
    if (!rows.length) {
      if (views.has(name)) { views.get(name).finalize(); views.delete(name); }
      place.replaceChildren(element("p", why, { className: "note" }));
    } else if (views.has(name)) {
      await views.get(name).view.data("rows", rows).runAsync();
    } else {
      const spec = { ...given.charts[name], datasets: { rows } };
      if (place.clientWidth < 480) { narrow(spec); }
      place.replaceChildren();
      views.set(name, await vegaEmbed(place, spec, { actions: false, ast: true, renderer: "svg", defaultStyle: false, tooltip: { disableDefaultStyle: true } }));
    }
  }

  // -- The page ---------------------------------------------------------------------------------

  document.querySelectorAll("main .lever").forEach(wire);
  readLink();
  one("#reading").addEventListener("change", (event) => { reading = event.target.value; writeLink(); show(); });
  one("#size").addEventListener("change", (event) => { size = Number(event.target.value); writeLink(); show(); });
  one("#undo").addEventListener("click", () => { const all = [...settings.keys()]; settings.clear(); all.forEach(paint); changed(); });
  one("#copy").addEventListener("click", async () => {
    const copied = navigator.clipboard.writeText(location.href);
    one("#copy").textContent = await copied.then(() => "Copied", () => "Copy it from the address line");
  });
  one("#save").addEventListener("click", async () => {
    const file = await post("/save", [...settings]).catch(fail);
    if (file && file.issues) { tell(file.issues); }
    if (!file || file.issues) { return; }
    const link = element("a", "", { download: file.name, href: URL.createObjectURL(new Blob([file.text], { type: "application/yaml" })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
  one("#add").addEventListener("submit", (event) => {
    event.preventDefault();
    leverOf(one("#path").value.trim()).querySelector("[type=text]").focus();
    event.target.reset();
  });
  one("#choice").addEventListener("change", ({ target }) => {
    const choice = new URLSearchParams(new FormData(one("#choice")));
    if (target.name === "scenario") { choice.delete("mandate"); }
    location.assign("/?" + choice + (target.name === "mandate" ? location.hash : ""));
  });
  window.addEventListener("hashchange", () => { readLink(); changed(); });
  changed();
})();
