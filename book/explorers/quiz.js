// Quizzes: a reader chooses, presses Check, and is told whether that is right and why. Nothing is
// kept. Without scripts the answers stand folded below the question.
(function (root) {
  "use strict";
  const NOTHING = "Choose an answer first.";
  const MISSING = "Another answer is right as well.";

  function paragraph(verdict, ...content) {
    const node = root.document.createElement("p");
    node.className = verdict;
    node.append(...content);
    return node;
  }

  for (const form of root.document.querySelectorAll("form.quiz")) {
    const choices = [...form.querySelectorAll("input")];
    const key = [...form.querySelectorAll(".quiz-key li")];
    const status = form.querySelector("[role=status]");
    const button = form.querySelector("button");

    async function check() {
      // What is said is a copy of the key, with its formulas once they are drawn.
      if (root.MathJax && root.MathJax.startup) await root.MathJax.startup.promise;
      const chosen = key.filter((_, index) => choices[index].checked);
      const right = (item) => item.className === "right";
      const missing = key.filter(right).length - chosen.length;
      const said = chosen.map((item) =>
        paragraph(item.className, ...item.cloneNode(true).childNodes));
      if (chosen.length === 0) said.push(paragraph("", NOTHING));
      else if (chosen.every(right) && missing > 0) said.push(paragraph("", MISSING));
      status.replaceChildren(...said);
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      check();
    });
    // What was said about another choice does not stay.
    form.addEventListener("change", () => status.replaceChildren());
    button.hidden = false;
    button.disabled = false;
  }
})(window);
