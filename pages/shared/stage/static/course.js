// The line over a page of the gallery: the map, the neighbours in the course, the other language.

import { element } from "./dom.js";

/** `course`: {label, home, previous, next, languages}: links as {href, text}, neighbours may be null. */
export function makeCourse({ label, home, previous, next, languages }, language) {
  const link = (name, to) => to && element("a", { class: `atlas-course-${name}`, href: `${to.href}#lang=${language}` }, to.text);
  const others = languages.filter(({ code }) => code !== language);
  return element("nav", { class: "atlas-course", "aria-label": label },
    link("home", home), link("previous", previous), link("next", next),
    ...others.map(({ code, text }) => element("a", { class: "atlas-course-language", href: `#lang=${code}`, lang: code, hreflang: code }, text)));
}
