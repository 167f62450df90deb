/*
 * Turns pages without loading them anew. Everything works without this file: it sends the same forms to the same addresses and
 * shows the pages that come back, so no rule of a survey is ever evaluated here.
 */
"use strict";

(() => {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const announcer = document.createElement("p");
  const views = new Map(); // step of the browser's history -> what was shown there, with what was typed
  let step = history.state?.step ?? 0;
  let sending = false;

  /** What is shown now. */
  const present = () => ({
    title: document.title,
    language: document.documentElement.lang,
    direction: document.documentElement.dir,
    layout: document.body.className,
    nodes: [...document.body.children].filter((node) => node !== announcer),
  });

  /** What a page that was fetched shows. */
  const viewOf = (page) => ({
    title: page.title,
    language: page.documentElement.lang,
    direction: page.documentElement.dir,
    layout: page.body.className,
    nodes: [...page.body.children],
  });

  /** The element that a page begins with: what is wrong, what was newly opened, the heading, or the question. */
  const beginning = (opened) =>
    document.querySelector("main [autofocus]") ??
    opened?.querySelector(".question") ??
    document.querySelector("main .page-title, main .question, main h1");

  const focus = (element) => {
    if (!element.matches("a, button, input, select, textarea, [tabindex]")) element.tabIndex = -1;
    element.focus({ preventScroll: true });
    const card = element.closest(".card");
    const isOnTop = !card || card.matches("form > .card:first-of-type") || element.matches(".page-title");
    if (isOnTop && !element.matches("[autofocus]")) scrollTo({ top: 0, behavior: "instant" });
    else card.scrollIntoView({ behavior: "instant" });
  };

  /** Put a view in the place of the present one; `opened` finds the card that was not there before. */
  const show = (view, findOpened = () => undefined) => {
    const change = () => {
      const opened = findOpened(view);
      for (const node of present().nodes) node.remove();
      document.body.prepend(...view.nodes);
      document.body.className = view.layout;
      document.title = view.title;
      document.documentElement.lang = view.language;
      document.documentElement.dir = view.direction;
      focus(beginning(opened));
      announcer.textContent = document.querySelector("progress")?.textContent ?? "";
    };
    if (document.startViewTransition && !still.matches) return document.startViewTransition(change).updateCallbackDone;
    return change();
  };

  const mainOf = (view) => view.nodes.find((node) => node.matches("main"));

  /** Whether a view asks what is asked already: with what is wrong there, or with questions that the answers opened. */
  const isSameStep = (view) => {
    const at = (root) => root.querySelector("input[name=at]")?.value;
    return at(document) !== undefined && at(mainOf(view)) === at(document);
  };

  /** The first card that is not there yet. */
  const openedCard = (view) =>
    [...mainOf(view).querySelectorAll(".card[id]")].find((card) => !document.getElementById(card.id));

  /** Say that a form was not taken in; what was entered stays. */
  const complain = (form, words = document.querySelector("main").dataset.failed) => {
    const notice = document.createElement("p");
    notice.className = "summary failure";
    notice.setAttribute("role", "alert");
    notice.textContent = words;
    form.querySelector(".failure")?.remove();
    const buttons = form.querySelector(".buttons") ?? form.lastElementChild;
    buttons.before(notice);
    buttons.scrollIntoView({ block: "nearest", behavior: "instant" });
  };

  /** What a form says, with the button that was pressed. */
  const bodyOf = (form, button) => {
    const fields = new FormData(form);
    if (button?.name) fields.append(button.name, button.value);
    return form.enctype === "multipart/form-data" ? fields : new URLSearchParams(fields);
  };

  /** The words of a page that only says something. */
  const wordsOf = (page) => [...page.querySelectorAll("main h1, main p:not(.buttons)")].map((node) => node.textContent).join(" ");

  const takeIn = async (form, answer) => {
    const elsewhere = answer.headers.get("Survey-Leads-To");
    if (elsewhere) return location.assign(elsewhere);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const isTurned = page.querySelector("main form") || answer.ok || answer.status === 410;
    if (!isTurned) return complain(form, wordsOf(page) || undefined);
    const view = viewOf(page);
    if (isSameStep(view)) {
      history.replaceState({ step }, "", answer.url);
      return show(view, openedCard);
    }
    views.set(step, present());
    step += 1;
    if (!page.querySelector("main form")) views.clear(); // the end: nobody pages back to the answers
    history.pushState({ step }, "", answer.url);
    return show(view);
  };

  const send = async (form, button) => {
    sending = true;
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.getAttribute("action"), {
        method: "POST",
        body: bodyOf(form, button),
        headers: { Accept: "text/html", "X-Requested-With": "survey.js" },
      });
      await takeIn(form, answer);
    } catch {
      complain(form);
    } finally {
      sending = false;
      form.removeAttribute("aria-busy");
    }
  };

  document.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!sending) send(event.target, event.submitter);
  });

  addEventListener("popstate", (event) => {
    const wanted = event.state?.step;
    if (wanted === undefined || wanted === step) return; // a link inside the page
    const view = views.get(wanted);
    if (!view) return location.reload();
    views.set(step, present());
    step = wanted;
    show(view);
  });

  // The list of what is wrong leads to the fields, without a step of its own in the browser's history.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    field.focus();
  });

  // A number is the answer; the slider beside it is another way to enter it.
  document.addEventListener("input", ({ target }) => {
    const pair = target.closest(".slide");
    if (!pair) return;
    const [slider, number] = pair.querySelectorAll("input");
    if (target === slider) number.value = slider.value;
    else slider.value = number.value.replace(",", ".");
    pair.classList.toggle("empty", number.value === "");
  });

  // What has been shared out so far.
  document.addEventListener("input", ({ target }) => {
    const sum = target.closest(".card")?.querySelector(".sum");
    if (!sum) return;
    const numbers = [...target.closest(".card").querySelectorAll(".part input")].map((field) => field.value.replace(",", "."));
    sum.value = String(Math.round(numbers.reduce((total, text) => total + (Number(text) || 0), 0) * 1e6) / 1e6);
  });

  // A signature is a path of strokes inside its box; the name below it is the other way to sign.
  const longest = 20000;
  let pen;
  const draw = (pad, path) => {
    pad.querySelector("path").setAttribute("d", path);
    pad.querySelector("input").value = path;
  };
  const placeOf = (svg, event) => {
    const box = svg.getBoundingClientRect();
    const within = (share, most) => Math.round(Math.min(Math.max(share, 0), 1) * most);
    return `${within((event.clientX - box.left) / box.width, 600)} ${within((event.clientY - box.top) / box.height, 200)}`;
  };
  const stroke = (event, command) => {
    const pad = pen.closest(".pad");
    const path = pad.querySelector("input").value;
    const place = placeOf(pen, event);
    if (!path.endsWith(`L${place}`) && path.length + place.length * 2 + 2 < longest) draw(pad, `${path}${command(place)}`);
  };
  document.addEventListener("pointerdown", (event) => {
    pen = event.target.closest(".pad svg");
    if (!pen) return;
    pen.setPointerCapture(event.pointerId);
    pen.closest(".card").querySelector(".part input").value = "";
    stroke(event, (place) => `M${place}L${place}`); // a dot is a stroke too
  });
  document.addEventListener("pointermove", (event) => pen && stroke(event, (place) => `L${place}`));
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => (pen = undefined));
  document.addEventListener("click", ({ target }) => target.matches(".pad button") && draw(target.closest(".pad"), ""));
  document.addEventListener("input", ({ target }) => {
    const pad = target.closest(".card")?.querySelector(".pad");
    if (pad && target.value) draw(pad, "");
  });
  document.documentElement.classList.add("scripted");

  announcer.className = "unseen";
  announcer.setAttribute("role", "status");
  document.body.append(announcer);
  history.replaceState({ step }, "");
})();
