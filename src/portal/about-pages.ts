import { html } from 'hono/html'
import { calendarDate, type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'

/** Answers to the questions that residents ask. */
export function helpPage(reader: Reader): Html {
  const { help } = reader.texts
  const answers = Object.entries(help.answers)
  return page(reader, {
    title: help.title,
    body: html`<h1>${help.title}</h1>
<p class="lead">${help.lead}</p>
<nav class="card" aria-label="${help.questions}"><ul class="plain-list">${answers.map(
      ([id, { question }]) => html`<li><a href="#${id}">${question}</a></li>`,
    )}</ul></nav>
${answers.map(
  ([id, { question, answer }]) => html`<section id="${id}" aria-labelledby="${id}-question">
<h2 id="${id}-question">${question}</h2>
${answer}</section>`,
)}`,
  })
}

/** How the operator can be reached. */
export function contactPage(reader: Reader, { hasSecurityTxt }: { hasSecurityTxt: boolean }): Html {
  const { common, contact: words } = reader.texts
  const { operator, address, email, phone } = reader.site.contact
  return page(reader, {
    title: words.title,
    body: html`<h1>${words.title}</h1>
<p class="lead">${words.lead}</p>
<div class="card">${
      operator || address || email || phone
        ? html`<dl class="facts">
${operator ? fact(words.operator, operator) : ''}
${email ? fact(common.email, html`<a href="mailto:${email}">${email}</a>`) : ''}
${phone ? fact(words.phone, html`<a href="tel:${phone.replaceAll(/[^+\d]/g, '')}">${phone}</a>`) : ''}
${address ? fact(words.address, address) : ''}
</dl>`
        : html`<p>${words.none}</p>`
    }</div>
<h2>${words.advice}</h2>
${list(words.adviceList)}
${hasSecurityTxt ? html`<p class="quiet">${words.security}</p>` : ''}`,
  })
}

/** How many days the verifications of each kind are kept, and the messages about them; `null`: without end. */
type Retention = Record<'approved' | 'declined' | 'unfinished' | 'delivery', number | null>

/** What is stored about a resident, for how long, and who sees it: docs/records-of-processing.md in plain words. */
export function privacyPage(reader: Reader, retention: Retention): Html {
  const { privacy: words } = reader.texts
  const { operator, policyUrl } = reader.site.contact
  const period = (days: number | null) => (days === null ? words.untilErased : words.days(days))
  const { account, registry, ...others } = words.data
  const checks = {
    ...words.checks,
    kept: words.checks.kept(
      period(retention.approved),
      period(retention.declined),
      period(retention.unfinished),
    ),
  }
  const deliveries = {
    ...words.deliveries,
    kept: words.deliveries.kept(period(retention.delivery)),
  }
  return page(reader, {
    title: words.title,
    body: html`<h1>${words.title}</h1>
<p class="lead">${words.lead}</p>
<h2>${words.responsible}</h2>
<p>${operator ? words.operator(operator) : words.unnamed} ${words.contact}</p>
${policyUrl ? html`<p>${words.policy(policyUrl)}</p>` : ''}
<h2>${words.stored}</h2>
${[account, registry, checks, ...Object.values(others), deliveries].map(
  ({ what, kept, seen }) => html`<article class="card"><h3 class="sentence">${what}</h3>
<dl class="facts">${fact(words.kept, kept)}${fact(words.seenBy, seen)}</dl></article>`,
)}
<h2>${words.others}</h2>
<p>${words.othersText}</p>
<h2>${words.cookies}</h2>
<p>${words.cookiesText}</p>
<h2>${words.protection}</h2>
<p>${words.protectionText}</p>
<h2>${words.rights}</h2>
${list(words.rightsList)}`,
  })
}

// When what the statement says was last measured.
const MEASURED_ON = new Date('2026-11-22T00:00:00Z')

/** The accessibility statement, in the shape that the W3C recommends (https://www.w3.org/WAI/planning/statements/). */
export function accessibilityPage(reader: Reader): Html {
  const { accessibility: words } = reader.texts
  return page(reader, {
    title: words.title,
    body: html`<h1>${words.title}</h1>
<p class="lead">${words.lead}</p>
<h2>${words.status}</h2>
<p>${words.statusText}</p>
<h2>${words.measures}</h2>
${list(words.measuresList)}
<h2>${words.limits}</h2>
${list(words.limitsList)}
<h2>${words.technology}</h2>
<p>${words.technologyText}</p>
<h2>${words.feedback}</h2>
<p>${words.feedbackText}</p>
<p class="quiet">${words.date(calendarDate(reader, MEASURED_ON))}</p>`,
  })
}

const fact = (term: string, description: Html | string): Html =>
  html`<div><dt>${term}</dt><dd>${description}</dd></div>`

const list = (items: readonly (Html | string)[]): Html =>
  html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`
