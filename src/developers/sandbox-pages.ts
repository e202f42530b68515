import { html } from 'hono/html'
import type { Clock } from '../personas/clock.ts'
import type { PersonaName } from '../personas/kinds.ts'
import type { PersonaWithState, Phase, Step, StepName } from '../personas/state.ts'
import { csrfField, type Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { choiceField, type FieldFaults, formFaults, hasFaults, textField } from './fields.ts'
import { developerPage } from './frame.ts'
import { describeSpan, UNIT_NAMES, type Unit } from './span.ts'
import type { Membership } from './teams.ts'

type ShownPersona = PersonaWithState & { next: Step | undefined }
/** What was typed. */
export type EnteredSpan = { amount: string; unit: Unit }

type SandboxPage = {
  team: Membership
  /** Of the sandbox's authorization server. */
  address: string
  csrf: string
  mayChange: boolean
  personas: readonly ShownPersona[]
  clock: Clock
  entered: EnteredSpan
  faults: FieldFaults
  now: Date
}

/** `/developers/:team/sandbox` */
export function sandboxPage(reader: Reader, data: SandboxPage): Html {
  const { team, address, mayChange, faults } = data
  return developerPage(reader, {
    title: `${hasFaults(faults) ? 'Error: sandbox' : 'Sandbox'} · ${team.name}`,
    team,
    tab: '/sandbox',
    body: html`<h1>Sandbox</h1>${formFaults(faults)}
<p class="lead">Your applications in the sandbox use the issuer <code>${address}</code>. Its sign-in page offers the personas below: invented people, one for each branch that an application has to handle. Nobody else has yours.</p>
${clockCard(data)}
${personasCard(data)}
${mayChange ? resetCard(data) : ''}`,
  })
}

const PRESETS: readonly [span: string, name: string][] = [
  ['1 hours', 'One hour'],
  ['1 days', 'One day'],
  ['30 days', '30 days'],
  ['90 days', '90 days'],
]

function clockCard({ team, csrf, mayChange, clock, entered, faults, now }: SandboxPage): Html {
  const { aheadSeconds } = clock
  const there = new Date(now.getTime() + aheadSeconds * 1000)
  const action = `/developers/${team.id}/sandbox/clock`
  return html`<section class="card" aria-labelledby="clock"><h2 id="clock">Clock</h2>
<p>${
    aheadSeconds === 0
      ? html`The clock of your sandbox shows the time of day: ${time(there)}.`
      : html`The clock of your sandbox is <strong>${describeSpan(aheadSeconds)}</strong> ahead: it is ${time(there)} there.`
  }</p>
<p class="quiet">Move it to see what ends: an access token after an hour, a refresh token after 30 days, a consent after the time that was chosen, a document on its last day. What is stored of your personas and your applications’ tokens then happened that much earlier; the time in a token that you have already does not change.</p>
${
  mayChange
    ? html`<form method="post" action="${action}">${csrfField(csrf)}<div class="buttons">${PRESETS.map(
        ([span, name]) => html`<button name="preset" value="${span}">${name}</button>`,
      )}</div></form>
<form method="post" action="${action}">${csrfField(csrf)}
${textField({ name: 'amount', label: 'Move it forward by', value: entered.amount, faults, isRequired: true, longest: 12 })}
${choiceField({ name: 'unit', label: 'Unit', value: entered.unit, faults, choices: UNIT_NAMES.map((unit) => [unit, unit] as const) })}
<div class="buttons"><button>Move the clock</button></div></form>`
    : ''
}</section>`
}

const time = (at: Date): Html =>
  html`<time datetime="${at.toISOString()}">${at.toISOString().slice(0, 16).replace('T', ' ')} UTC</time>`

function personasCard({ team, csrf, mayChange, personas, now }: SandboxPage): Html {
  return html`<section class="card" aria-labelledby="personas"><h2 id="personas">Personas</h2>
<p class="quiet">A persona that you reset is erased, as a resident who leaves is: its tokens end, your applications get <code>resident.erased</code>, and it is there again as somebody new.</p>
<ul class="personas">${personas.map(
    (persona) => html`<li><h3>${persona.givenName} ${persona.surname}</h3>
<p class="quiet"><code>${persona.kind}</code></p>
<p>${persona.summary}</p>
<p class="quiet">${describeState(persona)} ${persona.next ? describeNext(persona.next, now) : ''}</p>
${
  mayChange
    ? html`<form method="post" action="/developers/${team.id}/sandbox/reset">${csrfField(csrf)}<button name="kind" value="${persona.kind}">Reset ${persona.givenName}</button></form>`
    : ''
}</li>`,
  )}</ul></section>`
}

/** Those whose branch begins when an application is allowed. */
const GOES_ON: readonly PersonaName[] = ['images-arriving', 'declined-later', 'slow-vendor']
const PHASES: Record<Phase, string> = {
  new: 'Is being created.',
  ready: 'Waits for an application to be allowed.',
  'under-way': 'Has allowed an application.',
  over: 'That has happened. It happens again with the next consent: send prompt=consent.',
}

function describeState({ kind, state }: ShownPersona): string {
  if (state.phase !== 'ready' || GOES_ON.includes(kind) || kind === 'erased')
    return PHASES[state.phase]
  return kind === 'ends-consent' ? 'Waits for the first read.' : 'Stays as it is.'
}

const STEPS: Record<StepName, string> = {
  prepare: 'Next: it gets what it has',
  photos: 'Next: the photos arrive',
  approve: 'Next: the vendor approves',
  decline: 'Next: the vendor declines',
  erase: 'Next: it erases its account',
  'end-access': 'Next: it ends an application’s access',
}

function describeNext({ what, dueAt }: Step, now: Date): Html {
  const seconds = (dueAt.getTime() - now.getTime()) / 1000
  return html`<strong>${STEPS[what]} <time datetime="${dueAt.toISOString()}">${seconds > 0 ? `in ${describeSpan(seconds)}` : 'now'}</time>.</strong>`
}

const resetCard = ({ team, csrf }: SandboxPage): Html =>
  html`<section class="card" aria-labelledby="reset"><h2 id="reset">Begin again</h2>
<p>Every persona is erased and created anew, and the clock shows the time of day. Your applications stay.</p>
<form method="post" action="/developers/${team.id}/sandbox/reset">${csrfField(csrf)}<button name="kind" value="all">Reset the sandbox</button></form></section>`
