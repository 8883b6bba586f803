// The page of a self-contained file: one figure, or a deck of them. Nothing is fetched and nothing is sent.

import { makeCourse } from "./course.js";
import { makeDeck } from "./deck.js";
import { fitting, watchChoice } from "./versions.js";

const read = (id) => JSON.parse(document.getElementById(id).textContent);

function begin() {
  const subject = read("atlas-subject"), { versions } = subject;
  if (versions) watchChoice();
  const { title, language, payloads, course } = versions ? fitting(versions) : subject;
  const words = read("atlas-words");
  const own = words[language] ?? words.en;
  const complete = (payload) => ({
    ...payload, address: false, offline: true, height: null, shelf: "",
    labels: { ...(words[payload.language] ?? own), ...payload.labels },
  });
  document.documentElement.lang = language;
  document.querySelector(".atlas-wait").remove();
  const deck = makeDeck(payloads.map(complete), { title, words: own });
  if (course) document.body.append(makeCourse(course, language));
  document.body.append(deck.node);
  deck.begin();
}

begin();
