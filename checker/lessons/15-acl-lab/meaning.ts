/**
 * What a sentence of SECURITY.md says about a setting: pure, on text alone. A program cannot judge
 * prose with certainty. It tells what is empty, what is said of anything, and what is the opposite of
 * the truth; it knows the usual words of the truth; the rest is for a person to read.
 */

export type Part = 'what' | 'why' | 'without';
export const parts: readonly Part[] = ['what', 'why', 'without'];

export type Opinion =
  | { readonly is: 'true' }
  /** Nothing, or a TODO. */
  | { readonly is: 'empty' }
  /** Words that would fit any setting. */
  | { readonly is: 'filler' }
  /** The opposite of what Mosquitto does; with the words, and what is so. */
  | { readonly is: 'untrue'; readonly words: string; readonly truth: string }
  /** Something is said, in words that are not known here. */
  | { readonly is: 'unknown' };

/** Words that say nothing about a setting: with these alone, a text would fit all of them. */
const GENERAL = new Set(
  `a an the this that these those it its is are be was were been being am do does did doing done has have had
  i we you he she they them us our your their my me one ones of to in on at by for from with as and or but so
  if then than when while because since there here which what why how who whom whose will would can could may
  might must shall should need needs needed needing want wants wanted very really quite much more most many
  also too just only even well good better best nice great fine right correct correctly proper properly safe
  safer safely safety secure secured securely security protect protects protected protecting protection
  important importance essential necessary necessity mandatory required requires require requirement
  recommended recommend practice practices reason reasons purpose purposes use uses used using useful usage
  set sets setting settings option options value values line lines config configuration configure configured
  file files folder broker brokers mosquitto mqtt server system systems thing things something anything work
  works working worked make makes made making give gives given keep keeps kept get gets help helps helped
  true false yes true enable enables enabled default defaults otherwise etc always important really like
  everything all any every overall general generally basically setup lets let allow bad badly problem problems
  issue issues break breaks broken fail fails failure wrong worse less happen happens without risk risks risky
  attack attacks attacker attackers hacker hackers danger dangerous vulnerable vulnerability vulnerabilities
  tbd na none nothing placeholder lorem ipsum dolor sit amet text here explain explained explanation describe
  described description see above below section document documented`.split(/\s+/),
);

const NEGATION =
  /\b(?:not|no|never|nobody|none|nothing|cannot|neither|nor|refus\w*|den(?:y|ies|ied)|reject\w*|forbid\w*|prevent\w*|stop(?:s|ped)?|block\w*|instead of|rather than|keeps? out|turns? away|disallow\w*|lock(?:s|ed)? out)\b|n['’]t\b/i;

interface Untruth {
  readonly in: readonly Part[];
  readonly words: RegExp;
  readonly truth: string;
  /** The words are true when these stand in the same text, too. */
  readonly unless?: RegExp;
  /** The words hold in spite of a negation beside them: "nobody may publish". */
  readonly whole?: true;
}

interface Claims {
  readonly words: Readonly<Record<Part, RegExp>>;
  readonly untrue: readonly Untruth[];
}

const all: readonly Part[] = parts;
const what: readonly Part[] = ['what', 'why'];

const EVERYBODY = String.raw`(?:every(?:body|one|\s+(?:client|device|user|person))|any(?:body|one|\s+(?:client|device|user|person))|all\s+(?:clients|devices|users|people)|who(?:so)?ever|strangers?)`;
const NAMELESS = String.raw`(?:anonymous|nameless|unnamed|unauthenticated|(?:clients?|devices?|users?|people|those|connections?|logins?)?\s*without\s+(?:a\s+|any\s+|giving\s+a\s+)?(?:user\s*)?(?:names?|login|credentials|password|authentication))`;

/** What is untrue of each of these settings, and what of most. */
const anySetting: readonly Untruth[] = [
  {
    in: all,
    words:
      /\bnothing\s+(?:at all\s+)?(?:breaks?|changes?|happens?|bad|goes wrong|is lost)|\b(?:has|have|having)\s+no\s+(?:effect|influence|meaning|use|consequences?)|\bdoes\s+nothing\b|\b(?:makes?|made)\s+no\s+difference|\bno\s+difference\b|(?:\b(?:is|are)|^|,)\s*(?:useless|pointless|superfluous|unnecessary|not (?:needed|necessary|important|required|used)|optional|irrelevant|only decoration|decoration|ignored)\b|\bcan\s+(?:safely\s+)?be\s+(?:removed|deleted|left out|omitted|dropped)\b|\b(?:everything|it all|the broker|all)\s+(?:still\s+)?(?:works|runs|keeps working|stays)\s+(?:the same|as before|just as well|fine|anyway|better|faster|safer)|\b(?:is|are|becomes?|gets?)\s+(?:safer|more secure|faster)\b/i,
    truth: 'without it something else happens: that is why it is there',
    whole: true,
    unless: /\b(?:version|mosquitto 2|older|newer)\b/i,
  },
];

const noEncryption = (it: string): Untruth => ({
  in: all,
  words:
    /\bencrypt(?:s|ed|ing)?\s+(?:\w+\s+){0,3}(?:connections?|traffic|messages?|lines?|data|topics?|payloads?|packets?|communication|transport)|\b(?:connections?|traffic|messages?|data|communication|topics?)\s+(?:is|are|gets?|becomes?)\s+encrypted|\b(?:turns? on|enables?|uses?|switches? on|activates?)\s+(?:tls|ssl|encryption)/i,
  truth: `${it} encrypts nothing: that would be TLS`,
});

const settings: Readonly<Record<string, Claims>> = {
  listener: {
    words: {
      what: /port|1883|listen|open|address|socket|door|network|connect|interface|tcp|serv|reach/i,
      why: /reach|device|sensor|house|home|machine|network|display|dashboard|client|outside|remote|connect|lan\b|dial|find|port|computer|thermometer/i,
      without:
        /local|machine|host|reach|connect|nobody|no\s+(?:client|sensor|device|one|port|door)|loopback|127|itself|computer|dashboard|sensor|device|client|outside|refus/i,
    },
    untrue: [
      noEncryption('a listener line'),
      {
        in: what,
        words:
          /\b(?:only|just)\s+(?:from\s+|for\s+|to\s+)?(?:this|the\s+(?:broker['’]?s?|same|own|local))\s+(?:own\s+)?(?:machine|computer|host)|\blocal\s*only\b|\b(?:only|just)\s+(?:local|localhost|loopback)/i,
        truth: 'a listener line opens the port on all addresses of the machine',
        unless: /without|otherwise|else|127\.0\.0\.1|loopback|proxy/i,
      },
      {
        in: ['without'],
        words: new RegExp(
          String.raw`\b(?:the whole (?:world|internet|house|network)|${EVERYBODY})\s+(?:\w+\s+){0,2}(?:can|could|may|is able to|are able to|gets?|reach|reaches|connects?)`,
          'i',
        ),
        truth: 'without a listener line Mosquitto 2 serves its own machine only',
        unless: /local|this machine|same machine|127|itself/i,
      },
      {
        in: all,
        words:
          /\b(?:publish(?:es)?\s+(?:to\s+)?(?:port|topic)|subscribes? to|listens? to (?:a |the |all )?(?:topics?|messages?)|password|topic filter)/i,
        truth: 'a listener line names a port on which the broker waits for connections',
        unless: /port|address|connect/i,
      },
    ],
  },
  allow_anonymous: {
    words: {
      what: /name|anonym|login|log in|user|credential|password|identi|stranger|unknown|refus|reject|den(?:y|ies)|entry|who/i,
      why: /name|rule|acl|identi|who|stranger|login|password|trac|account|right|known|unknown|user|anonym|guest/i,
      without:
        /version|older|anonym|every|any|stranger|login|name|whoever|default|unknown|open|guest|refus|credential|password/i,
    },
    untrue: [
      noEncryption('allow_anonymous'),
      {
        in: what,
        words: new RegExp(
          String.raw`\b(?:lets?|allows?|admits?|accepts?|permits?|welcomes?|opens?)\b[^.;]*?(?:${EVERYBODY}|${NAMELESS})`,
          'i',
        ),
        truth: 'allow_anonymous false refuses clients that give no user name',
        unless: /allow_anonymous true|would|otherwise|else\b/i,
      },
      {
        in: what,
        words: new RegExp(
          String.raw`(?:${EVERYBODY}|${NAMELESS})\s*(?:\w+\s+){0,2}(?:gets? in|can (?:connect|log in|come in|enter)|may (?:connect|log in|come in|enter)|(?:is|are) (?:let in|welcome|admitted|allowed))`,
          'i',
        ),
        truth: 'allow_anonymous false refuses clients that give no user name',
        unless: /allow_anonymous true|would|otherwise|else\b/i,
      },
      {
        in: what,
        words:
          /\bno (?:user ?)?(?:names?|logins?|passwords?|credentials?) (?:is |are )?(?:needed|required|necessary|asked)/i,
        truth: 'allow_anonymous false refuses clients that give no user name',
        unless: /allow_anonymous true|would|otherwise|else\b/i,
        whole: true,
      },
      {
        in: ['without'],
        words:
          /\b(?:nobody|no ?one|no (?:client|device|user|sensor)s?)\s+(?:\w+\s+){0,2}(?:can|could|may|gets?|is able to|are able to|connects?|would)/i,
        truth:
          'without the line it is left to the version: older ones let everybody in, Mosquitto 2 refuses who has no name',
        unless: /name|anonym|version|mosquitto 2|login|credential/i,
        whole: true,
      },
    ],
  },
  password_file: {
    words: {
      what: /user|password|hash|login|log in|name|credential|account/i,
      why: /prov|claim|name|identi|login|log in|check|verif|user|who|imperson|pretend|hash|authentic|password|known|stranger/i,
      without:
        /user|login|log in|nobody|password|any|no ?one|every|name|check|authentic|known|stranger|refus|connect|hash/i,
    },
    untrue: [
      noEncryption('a password file'),
      {
        in: all,
        words:
          /\bplain(?:\s*|-)text\b|\bin (?:the )?(?:clear|open)\b|\bclear(?:\s*|-)text\b|\bas plain\b|\bplain passwords?\b|\b(?:readable|unhashed|unencrypted|raw|real|original) passwords?\b|\bpasswords?\s+(?:themselves|unhashed|unencrypted|readable)/i,
        truth: 'the file has hashes; the passwords themselves are not in it',
        unless: /hash/i,
      },
      {
        in: ['what'],
        words:
          /\b(?:read|write|publish|receive|subscribe)\w*\s+(?:\w+\s+){0,3}topics?|\b(?:which|what|whose)\s+topics?/i,
        truth:
          'the password file says who may log in; what they may read and write stands in the access list',
        unless: /acl|access list/i,
      },
      {
        in: what,
        words:
          /\b(?:turns?|switch(?:es)?)\s+off\s+(?:\w+\s+)?passwords?|\bdisables?\s+(?:\w+\s+)?passwords?/i,
        truth: 'with it the broker asks for a password',
      },
      {
        in: ['without'],
        words:
          /\b(?:users?|devices?|clients?|sensors?|they|all)\s+(?:can|could|may)?\s*(?:still\s+)?(?:log in|login|keep|have|use)\w*\s+(?:with\s+)?(?:their|the (?:same|old|right))\s+passwords?/i,
        truth: 'without it the broker knows no user and no password',
      },
    ],
  },
  acl_file: {
    words: {
      what: /topic|who|read|write|publish|subscri|right|permission|rule|allow|access|receive|least/i,
      why: /right|least|stolen|lock|thermometer|display|limit|only|topic|need|damage|harm|read|write|publish|control|privilege|sensor|dashboard|light|receive|access|rule/i,
      without:
        /every|any|\ball\b|full|restrict|unlimit|no limit|whatever|sensor|dashboard|topic|publish|read|write|right|receive|lock|access|no (?:rules?|permissions?)/i,
    },
    untrue: [
      noEncryption('an access list'),
      {
        in: ['without'],
        words:
          /\b(?:nobody|no ?one|no (?:client|device|user|sensor)s?|none of (?:them|the))\b\s+(?:\w+\s+){0,3}(?:publish|read|write|receive|subscribe|do|say|access|send|see)|\b(?:everything|all|any(?:thing)?|all topics|every topic|each topic)\s+(?:is|are|gets?|would be|will be)\s+(?:denied|forbidden|refused|blocked|rejected|closed|locked)|\b(?:nothing|no (?:topics?|messages?))\s+(?:is|are|can|may|could|would|will)\b|\bden(?:y|ies)\s+(?:everything|all)/i,
        truth: 'without an access list every user who is logged in may read and write everything',
        whole: true,
        unless:
          /\b(?:stop|restrict|limit|prevent|deni|control|keep|hinder|protect)\w*\s+(?:\w+\s+){0,3}|nothing is (?:restrict|limit|protect|forbid|denied|controlled|checked|safe)\w*|nobody is (?:restrict|limit|stopp|held)\w*/i,
      },
      {
        in: what,
        words: new RegExp(
          String.raw`${EVERYBODY}\s+(?:\w+\s+){0,2}(?:can|may|could|is allowed to|are allowed to)?\s*(?:\w+\s+){0,2}(?:read|write|publish|receive|do|access|subscribe)\w*\s+(?:\w+\s+){0,4}(?:everything|all(?: topics)?|any(?:thing| topic)?|every topic|whatever)`,
          'i',
        ),
        truth:
          'an access list says who may read or write which topics; what no line allows is denied',
        unless: /without|otherwise|else\b|would|not every/i,
      },
      {
        in: ['what'],
        words:
          /\bpasswords?\b|\bhash(?:es|ed)?\b|\bwho (?:may|can) (?:log in|connect|come in)\b|\b(?:allows?|permits?|grants?)\s+(?:everything|all)\s+(?:that|what|which)?\s*(?:is )?not\b|\bwhat no line (?:denies|forbids)\s+is allowed/i,
        truth:
          'an access list says who may read or write which topics; who may log in stands in the password file',
        unless: /read|write|publish|topic|receive/i,
      },
    ],
  },
};

/** Whether the truth about a setting is known here, so that a text without its words says nothing of it. */
export const isKnown = (setting: string): boolean => setting in settings;

const words = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];

/** The words of a text that are about something; the setting's own name and value are not. */
function ownWords(setting: string, text: string): string[] {
  const name = new Set([setting, ...setting.split('_'), 'anonymous', 'acl']);
  return words(text).filter(
    word =>
      /[\p{L}\p{N}]{2}/u.test(word) && !word.includes('_') && !GENERAL.has(word) && !name.has(word),
  );
}

/** Sentences and their parts: a negation reaches as far. */
const clauses = (text: string) => text.split(/[.;!?\n]+|,?\s+(?:but|although|whereas|while)\s+/i);

const isNegated = (clause: string) =>
  NEGATION.test(
    clause.replace(/\b(?:no|not)\s+only\b/gi, '').replace(new RegExp(NAMELESS, 'gi'), ''),
  );

function untruthIn(
  setting: string,
  part: Part,
  text: string,
): (Untruth & { found: string }) | undefined {
  for (const one of [...(settings[setting]?.untrue ?? []), ...anySetting]) {
    if (!one.in.includes(part) || one.unless?.test(text)) continue;
    for (const clause of clauses(text)) {
      const found = one.words.exec(clause)?.[0];
      if (found && (one.whole || !isNegated(clause))) return { ...one, found: found.trim() };
    }
  }
  return undefined;
}

/** What is to be thought of the text that stands for one part of one setting. */
export function judgePart(setting: string, part: Part, text: string): Opinion {
  if (/\bTODO\b|…\s*$/.test(text) || words(text).length === 0) return { is: 'empty' };
  const untrue = untruthIn(setting, part, text);
  if (untrue) return { is: 'untrue', words: untrue.found, truth: untrue.truth };
  const own = ownWords(setting, text);
  const truth = settings[setting]?.words[part];
  if (truth?.test(own.join(' ')) || (truth?.test(text) && own.length > 0)) return { is: 'true' };
  // "everything", "all" and "any" may be the whole truth of a short text.
  if (own.length === 0) {
    return part === 'without' && /\b(?:every|any|no)\w*\b/i.test(text) && truth?.test(text)
      ? { is: 'true' }
      : { is: 'filler' };
  }
  return { is: 'unknown' };
}
