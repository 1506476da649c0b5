// Votes: a reader's answer to a question is kept in this browser, and shown wherever the same
// question stands. Without scripts the question is simply there to be read.
(function (root) {
  "use strict";
  const PREFIX = "detailedbalance-vote-";
  const ASKED = "Choose before you read on. A vote stays in this browser.";
  const ASKED_AGAIN = "The question once more. A vote stays in this browser.";
  const KEPT = "Your vote is kept in this browser only.";

  // Browsers may refuse storage (pages from disk, private windows); then a vote lasts as long as
  // the page.
  const memory = {};
  const store = {
    read(name) {
      try {
        return root.localStorage.getItem(PREFIX + name);
      } catch (error) {
        return memory[name] ?? null;
      }
    },
    write(name, answer) {
      try {
        if (answer === null) root.localStorage.removeItem(PREFIX + name);
        else root.localStorage.setItem(PREFIX + name, answer);
        return true;
      } catch (error) {
        memory[name] = answer;
        return false;
      }
    },
  };

  const forms = [...root.document.querySelectorAll("form[data-vote]")];

  function show(form) {
    const answer = store.read(form.dataset.vote);
    let found = false;
    for (const choice of form.querySelectorAll("input[type=radio]")) {
      choice.checked = choice.value === answer;
      found = found || choice.checked;
    }
    form.querySelector("button").hidden = !found;
    const first = forms.find((other) => other.dataset.vote === form.dataset.vote);
    form.querySelector("[role=status]").textContent = found ? KEPT : form === first ? ASKED : ASKED_AGAIN;
  }

  function vote(form, answer) {
    const kept = store.write(form.dataset.vote, answer);
    for (const other of forms) {
      if (other.dataset.vote === form.dataset.vote) show(other);
    }
    const status = form.querySelector("[role=status]");
    if (answer === null) status.textContent = "Your vote is withdrawn.";
    else if (!kept) status.textContent = "Your browser keeps nothing for this page: the vote lasts until you leave it.";
  }

  for (const form of forms) {
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", (event) => vote(form, event.target.value));
    form.querySelector("button").addEventListener("click", () => {
      vote(form, null);
      form.querySelector("input").focus(); // the button is gone now
    });
    show(form);
  }
  root.addEventListener("storage", () => forms.forEach(show));
})(window);
