import { V50 } from './clauses-v5.js';

/** The standard that a citation names; the two reuse numbers, so an id alone says nothing. */
export type MqttVersion = '3.1.1' | '5.0';

/** Whom a statement obliges: the one that has to do (or not do) something because of it. */
export type Bound = 'client' | 'server' | 'both';

/** One numbered conformance statement of an OASIS standard. */
export interface Clause {
  /** The id alone, in its regular form: `MQTT-`, the section, the number of the statement. */
  readonly id: string;
  readonly version: MqttVersion;
  /** As it is cited: `3.1.1 MQTT-3.3.1-10`. */
  readonly cite: string;
  readonly binds: Bound;
  /** What it demands, in our words and in one line. */
  readonly says: string;
  /** The id as the standard prints it, where it misprints its own: search for this one there. */
  readonly printed?: string;
}

/** Section and number, whom it binds, what it demands. */
export type ClauseRow = readonly [id: string, binds: Bound, says: string];

/** All 141 statements of MQTT 3.1.1 (OASIS Standard, 29 October 2014), in its order. */
const V311: readonly ClauseRow[] = [
  ['1.5.3-1', 'both', 'text is well-formed UTF-8; a receiver of anything else closes'],
  ['1.5.3-2', 'both', 'text holds no U+0000; a receiver that finds one closes'],
  ['1.5.3-3', 'both', 'the bytes EF BB BF in text are U+FEFF, and are never stripped'],
  ['2.2.2-1', 'both', 'reserved flag bits of the first byte are as table 2.2 has them'],
  ['2.2.2-2', 'both', 'a receiver of invalid flags closes the connection'],
  ['2.3.1-1', 'both', 'SUBSCRIBE, UNSUBSCRIBE, PUBLISH above QoS 0: packet id, never 0'],
  ['2.3.1-2', 'client', 'each new packet of those types gets a packet id not in use'],
  ['2.3.1-3', 'client', 'a resend keeps its packet id, which is free after its last ack'],
  ['2.3.1-4', 'server', 'the rules for packet ids hold for PUBLISH from the server too'],
  ['2.3.1-5', 'both', 'a PUBLISH at QoS 0 has no packet id'],
  ['2.3.1-6', 'both', 'PUBACK, PUBREC and PUBREL have the packet id of their PUBLISH'],
  ['2.3.1-7', 'server', 'SUBACK and UNSUBACK have the packet id of their request'],
  ['3.1.0-1', 'client', 'the first packet of a client is CONNECT'],
  ['3.1.0-2', 'server', 'a second CONNECT on a connection is a violation: the server closes'],
  ['3.1.2-1', 'server', 'with a wrong protocol name, nothing is treated as MQTT 3.1.1'],
  ['3.1.2-2', 'server', 'an unsupported protocol level gets CONNACK 1, then the close'],
  ['3.1.2-3', 'server', 'a CONNECT with the reserved flag set is closed'],
  ['3.1.2-4', 'both', 'clean session 0 resumes or makes a session, kept after the close'],
  ['3.1.2-5', 'server', 'a kept session collects QoS 1 and 2 messages while its client is away'],
  ['3.1.2-6', 'both', 'clean session 1 drops the old session; the new one ends at the close'],
  ['3.1.2-7', 'server', 'retained messages are no part of a session, and outlive it'],
  ['3.1.2-8', 'server', 'the will is stored; it is published at a close without DISCONNECT'],
  ['3.1.2-9', 'client', 'with the will flag, CONNECT has a will topic and a will message'],
  ['3.1.2-10', 'server', 'the will is forgotten once published, or once DISCONNECT came'],
  ['3.1.2-11', 'client', 'without the will flag, CONNECT has nothing of a will'],
  ['3.1.2-12', 'server', 'without the will flag, no will is published'],
  ['3.1.2-13', 'client', 'without the will flag, the will QoS is 0'],
  ['3.1.2-14', 'client', 'with the will flag, the will QoS is 0, 1 or 2'],
  ['3.1.2-15', 'client', 'without the will flag, will retain is 0'],
  ['3.1.2-16', 'server', 'with will retain 0, the will is published but not retained'],
  ['3.1.2-17', 'server', 'with will retain 1, the will is published and retained'],
  ['3.1.2-18', 'client', 'without the user name flag, CONNECT has no user name'],
  ['3.1.2-19', 'client', 'with the user name flag, CONNECT has a user name'],
  ['3.1.2-20', 'client', 'without the password flag, CONNECT has no password'],
  ['3.1.2-21', 'client', 'with the password flag, CONNECT has a password'],
  ['3.1.2-22', 'client', 'without the user name flag there is no password flag'],
  ['3.1.2-23', 'client', 'something is sent every keep-alive interval, if only PINGREQ'],
  ['3.1.2-24', 'server', 'after 1.5 keep-alive intervals of silence the server closes'],
  ['3.1.3-1', 'client', 'order: client identifier, will topic, will, user name, password'],
  ['3.1.3-2', 'both', 'the client identifier names the state that each side holds'],
  ['3.1.3-3', 'client', 'the client identifier is there, first in the payload of CONNECT'],
  ['3.1.3-4', 'client', 'the client identifier is UTF-8 text'],
  ['3.1.3-5', 'server', 'client identifiers of 1 to 23 letters and digits are allowed'],
  ['3.1.3-6', 'server', 'an empty client identifier, where allowed, becomes a unique one'],
  ['3.1.3-7', 'client', 'an empty client identifier goes with clean session 1'],
  ['3.1.3-8', 'server', 'an empty client identifier, clean session 0: CONNACK 2 and close'],
  ['3.1.3-9', 'server', 'a rejected client identifier gets CONNACK 2, then the close'],
  ['3.1.3-10', 'client', 'the will topic is UTF-8 text'],
  ['3.1.3-11', 'client', 'the user name is UTF-8 text'],
  ['3.1.4-1', 'server', 'a CONNECT that breaks the rules is closed without CONNACK'],
  ['3.1.4-2', 'server', 'a client that connects again throws out its older connection'],
  ['3.1.4-3', 'server', 'an accepted CONNECT has its clean session flag carried out'],
  ['3.1.4-4', 'server', 'an accepted CONNECT gets CONNACK with return code 0'],
  ['3.1.4-5', 'server', 'what follows a refused CONNECT is not processed'],
  ['3.2.0-1', 'server', 'the first packet of the server is CONNACK'],
  ['3.2.2-1', 'server', 'clean session 1 is accepted with session present 0'],
  ['3.2.2-2', 'server', 'clean session 0, session stored: session present 1'],
  ['3.2.2-3', 'server', 'clean session 0, no session stored: session present 0'],
  ['3.2.2-4', 'server', 'a refusing CONNACK has session present 0'],
  ['3.2.2-5', 'server', 'after a refusing CONNACK the server closes'],
  ['3.2.2-6', 'server', 'where no return code fits, the server closes without CONNACK'],
  ['3.3.1-1', 'both', 'a PUBLISH that is sent again has DUP 1'],
  ['3.3.1-2', 'both', 'at QoS 0, DUP is 0'],
  ['3.3.1-3', 'server', 'DUP to a subscriber tells of this hop only, not of the publisher'],
  ['3.3.1-4', 'both', 'QoS 3 does not exist; a receiver of it closes'],
  ['3.3.1-5', 'server', 'RETAIN 1: the message is stored, with its QoS, for later subscribers'],
  ['3.3.1-6', 'server', 'a new subscription gets the retained message of each matching topic'],
  ['3.3.1-7', 'server', 'a retained message at QoS 0 discards the one stored before it'],
  ['3.3.1-8', 'server', 'RETAIN is 1 on what is sent because a subscription is new'],
  ['3.3.1-9', 'server', 'RETAIN is 0 on what is sent to a subscription that already exists'],
  ['3.3.1-10', 'server', 'RETAIN 1 with zero bytes is delivered, and erases what is stored'],
  ['3.3.1-11', 'server', 'a retained message of zero bytes is not stored'],
  ['3.3.1-12', 'server', 'RETAIN 0 neither stores a message nor changes the stored one'],
  ['3.3.2-1', 'both', 'the topic name comes first after the fixed header, as UTF-8 text'],
  ['3.3.2-2', 'both', 'the topic name in a PUBLISH has no wildcards'],
  ['3.3.2-3', 'server', 'a delivered topic name matches a filter of the subscriber'],
  ['3.3.4-1', 'both', 'PUBLISH gets no answer, PUBACK or PUBREC, according to its QoS'],
  ['3.3.5-1', 'server', 'where filters overlap, delivery is at the highest QoS that matches'],
  ['3.3.5-2', 'server', 'a denied PUBLISH gets its usual acknowledgement, or the close'],
  ['3.6.1-1', 'both', 'PUBREL has flag bits 0010; the server closes on others'],
  ['3.8.1-1', 'both', 'SUBSCRIBE has flag bits 0010; the server closes on others'],
  ['3.8.3-1', 'client', 'topic filters in SUBSCRIBE are UTF-8 text'],
  ['3.8.3-2', 'server', 'a server that has no wildcards rejects filters with wildcards'],
  ['3.8.3-3', 'client', 'SUBSCRIBE has at least one topic filter with its QoS'],
  ['3.8.3-4', 'server', 'SUBSCRIBE with reserved bits set, or QoS above 2: the server closes'],
  ['3.8.4-1', 'server', 'SUBSCRIBE is answered with SUBACK'],
  ['3.8.4-2', 'server', 'SUBACK has the packet id of its SUBSCRIBE'],
  ['3.8.4-3', 'server', 'a filter held already is replaced; retained messages come again'],
  ['3.8.4-4', 'server', 'many filters in one SUBSCRIBE: as one by one, but a single SUBACK'],
  ['3.8.4-5', 'server', 'SUBACK has the granted QoS or a failure for each filter'],
  ['3.8.4-6', 'server', 'delivered QoS is the lower of the published and the granted one'],
  ['3.9.3-1', 'server', 'the codes in SUBACK are in the order of the filters'],
  ['3.9.3-2', 'server', 'the codes in SUBACK are 0x00, 0x01, 0x02 and 0x80 only'],
  ['3.10.1-1', 'both', 'UNSUBSCRIBE has flag bits 0010; the server closes on others'],
  ['3.10.3-1', 'client', 'topic filters in UNSUBSCRIBE are UTF-8 text, without gaps'],
  ['3.10.3-2', 'client', 'UNSUBSCRIBE has at least one topic filter'],
  ['3.10.4-1', 'server', 'UNSUBSCRIBE removes only the filter that is equal in each character'],
  ['3.10.4-2', 'server', 'after UNSUBSCRIBE, no new message is added for delivery'],
  ['3.10.4-3', 'server', 'after UNSUBSCRIBE, QoS 1 and 2 deliveries under way are completed'],
  ['3.10.4-4', 'server', 'UNSUBSCRIBE is answered with UNSUBACK of the same packet id'],
  ['3.10.4-5', 'server', 'UNSUBACK comes even where nothing was removed'],
  ['3.10.4-6', 'server', 'many filters in one UNSUBSCRIBE: as one by one, a single UNSUBACK'],
  ['3.12.4-1', 'server', 'PINGREQ is answered with PINGRESP'],
  ['3.14.1-1', 'server', 'a DISCONNECT with reserved bits set is answered by closing'],
  ['3.14.4-1', 'client', 'after DISCONNECT the client closes the connection'],
  ['3.14.4-2', 'client', 'after DISCONNECT the client sends nothing more'],
  ['3.14.4-3', 'server', 'on DISCONNECT the will is discarded, unpublished'],
  ['4.1.0-1', 'both', 'both sides keep the session state while the session lasts'],
  ['4.1.0-2', 'both', 'a session lasts at least as long as its connection'],
  ['4.3.1-1', 'both', 'QoS 0, sender: one PUBLISH with QoS 0 and DUP 0'],
  ['4.3.2-1', 'both', 'QoS 1, sender: an unused packet id, open until PUBACK has come'],
  ['4.3.2-2', 'both', 'QoS 1, receiver: PUBACK; after it, the same packet id is a new message'],
  ['4.3.3-1', 'both', 'QoS 2, sender: PUBLISH until PUBREC, then PUBREL until PUBCOMP'],
  ['4.3.3-2', 'both', 'QoS 2, receiver: PUBREC, no second delivery, PUBCOMP after PUBREL'],
  ['4.4.0-1', 'both', 'after a reconnect with clean session 0, what is open is sent again'],
  ['4.5.0-1', 'server', 'an accepted message is added to each session with a matching filter'],
  ['4.5.0-2', 'client', 'each PUBLISH is acknowledged by its QoS, whether used or not'],
  ['4.6.0-1', 'client', 'PUBLISH packets are sent again in the order they were sent first'],
  ['4.6.0-2', 'client', 'PUBACKs go in the order in which their PUBLISH packets came'],
  ['4.6.0-3', 'client', 'PUBRECs go in the order in which their PUBLISH packets came'],
  ['4.6.0-4', 'client', 'PUBRELs go in the order in which their PUBRECs came'],
  ['4.6.0-5', 'server', 'a topic is an ordered topic unless its server is told otherwise'],
  ['4.6.0-6', 'server', 'order is kept for each publisher, topic and QoS'],
  ['4.7.1-1', 'both', 'wildcards belong in topic filters, never in topic names'],
  ['4.7.1-2', 'client', '# stands alone or after a slash, and is the last character'],
  ['4.7.1-3', 'client', '+ fills a whole level of the filter'],
  ['4.7.2-1', 'server', 'a filter with a wildcard first does not match names that start with $'],
  ['4.7.3-1', 'both', 'a topic name or filter has at least one character'],
  ['4.7.3-2', 'both', 'a topic name or filter has no U+0000'],
  ['4.7.3-3', 'both', 'a topic name or filter has at most 65,535 bytes of UTF-8'],
  ['4.7.3-4', 'server', 'names and filters are compared as they are, nothing is normalised'],
  ['4.8.0-1', 'both', 'on a protocol violation the receiver closes that connection'],
  ['4.8.0-2', 'both', 'who cannot process a packet for the moment closes that connection'],
  ['6.0.0-1', 'both', 'over WebSocket: binary frames only; on others the receiver closes'],
  ['6.0.0-2', 'both', 'over WebSocket: frames do not mark where a packet begins or ends'],
  ['6.0.0-3', 'client', 'over WebSocket: the client offers the subprotocol mqtt'],
  ['6.0.0-4', 'server', 'over WebSocket: the server answers with the subprotocol mqtt'],
  ['7.0.0-1', 'server', 'a server that connects to other servers is a conforming client too'],
  ['7.0.0-2', 'both', 'no extension is needed to work with another implementation'],
  ['7.1.1-1', 'server', 'a server has a transport that is ordered and loses nothing'],
  ['7.1.2-1', 'client', 'a client has a transport that is ordered and loses nothing'],
];

/**
 * Ids that the 3.1.1 standard misprints, in its text and in its appendix B. We cite the regular
 * form; both are found.
 */
const MISPRINTED: Readonly<Record<string, string>> = {
  '3.1.2-7': '3.1.2.7',
  '3.8.3-4': '3-8.3-4',
};

function toClauses(version: MqttVersion, rows: readonly ClauseRow[]): Clause[] {
  return rows.map(([number, binds, says]) => {
    const id = `MQTT-${number}`;
    const misprint = version === '3.1.1' ? MISPRINTED[number] : undefined;
    return {
      id,
      version,
      cite: `${version} ${id}`,
      binds,
      says,
      ...(misprint !== undefined && { printed: `MQTT-${misprint}` }),
    };
  });
}

/** Every clause that may be cited: all of MQTT 3.1.1, then all of MQTT 5.0. */
export const clauses: readonly Clause[] = [...toClauses('3.1.1', V311), ...toClauses('5.0', V50)];

const byCitation = new Map<string, Clause>();
for (const one of clauses) {
  byCitation.set(one.cite, one);
  if (one.printed !== undefined) byCitation.set(`${one.version} ${one.printed}`, one);
}

/**
 * The clause that a citation names.
 *
 * @param citation version and id, `3.1.1 MQTT-3.3.1-10`; the misprinted ids of the standard do too
 * @returns undefined where there is no such clause, and for an id without a version
 */
export function clause(citation: string): Clause | undefined {
  return byCitation.get(citation.trim());
}

/** What is wrong with a citation: no version before it, no such clause, or a shortened id. */
export type CitationProblem = 'no-version' | 'unknown' | 'shortened';

/** One place in a text that names a clause. */
export interface Citation {
  /** The id as written. */
  readonly text: string;
  /** Offset in the text, in UTF-16 units. */
  readonly index: number;
  /** Line in the text, from 1. */
  readonly line: number;
  readonly version?: MqttVersion;
  /** The clause meant; absent exactly where there is a problem. */
  readonly clause?: Clause;
  readonly problem?: CitationProblem;
}

// Wide on purpose: whatever looks like an id is either right or reported.
const ID = /(?<![\w-])MQTT-\d+(?:[.-]\d+)+/g;
// Where a comment or a quotation goes on in the next line.
const NEXT_LINE = String.raw`\r?\n[ \t]*(?:\*|//|#|>)?[ \t]*`;
const SPACE = String.raw`(?:[ \t]+|${NEXT_LINE})`;
const VERSION_BEFORE = new RegExp(String.raw`(?<![\w.])(3\.1\.1|5\.0)${SPACE}[[\`]?$`);
// What may stand between two ids of a list: a gloss in parentheses, and a comma or a word.
const SEPARATOR = new RegExp(
  String.raw`^\`?(?:${SPACE}?\([^()]{0,120}\))?${SPACE}?(?:[,;/]|,?${SPACE}?(?:and|or)\b)${SPACE}?\`?$`,
);
const SHORTENED = /^`?\s*(?:[,/–…]|\.\.|and|to)\s*`?(-\d+)(?![\d.])/;

/**
 * Finds the citations of a text, good and bad. A version counts for the id after it and, in a list,
 * for the ids that follow: `[3.1.1 MQTT-3.3.1-10, MQTT-3.3.1-11]`. An id is written in full, so
 * that a search finds it: a mere `-11` after another id is reported as `shortened`.
 */
export function citedClauses(text: string): Citation[] {
  const found: Citation[] = [];
  let line = 1;
  let counted = 0;
  let before: { end: number; version: MqttVersion | undefined } | undefined;
  const add = (
    index: number,
    written: string,
    rest: Pick<Citation, 'version' | 'problem' | 'clause'>,
  ) => {
    for (; counted < index; counted++) if (text[counted] === '\n') line++;
    found.push({ text: written, index, line, ...rest });
  };
  for (const match of text.matchAll(ID)) {
    const [id] = match;
    const end = match.index + id.length;
    const own = VERSION_BEFORE.exec(text.slice(Math.max(0, match.index - 80), match.index))?.[1];
    const goesOn = before && SEPARATOR.test(text.slice(before.end, match.index));
    const version = (own as MqttVersion | undefined) ?? (goesOn ? before?.version : undefined);
    if (version === undefined) {
      add(match.index, id, { problem: 'no-version' });
    } else {
      const meant = clause(`${version} ${id}`);
      add(match.index, id, { version, ...(meant ? { clause: meant } : { problem: 'unknown' }) });
    }
    const short = SHORTENED.exec(text.slice(end, end + 20));
    if (short?.[1])
      add(end + short[0].length - short[1].length, short[1], { problem: 'shortened' });
    before = { end, version };
  }
  return found;
}
