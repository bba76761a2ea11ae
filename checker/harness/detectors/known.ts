/** Errors of a library that say little to whoever reads them for the first time. */
interface Known {
  readonly error: RegExp;
  readonly why: string;
  readonly try: string;
}

const known: readonly Known[] = [
  {
    // paho calls with more or fewer values than the function has parameters.
    error:
      /(?:on_(?:connect|disconnect|subscribe|unsubscribe|publish|message)|<lambda>)\(\) (?:takes \d+ positional arguments? but \d+ (?:was|were) given|missing \d+ required positional arguments?)/,
    why: 'paho called your callback with another number of values than it has parameters. With CallbackAPIVersion.VERSION2, on_connect is given (client, userdata, flags, reason_code, properties); with VERSION1 the last one is missing',
    try: 'give the callback the parameters of the version that you chose; make_client of the kit has those of VERSION1',
  },
  {
    error: /'(?:ConnectFlags|DisconnectFlags)' object is not subscriptable/,
    why: "with CallbackAPIVersion.VERSION2 paho hands over flags as an object, not as a dict: flags.session_present in place of flags['session present']",
    try: 'write flags.session_present',
  },
  {
    error:
      /Message publish failed: .*not currently connected|^RuntimeError: Message publish failed/,
    why: 'it was published while the line was down. paho keeps a message of QoS 1 and sends it later, but publish() has returned an error (rc 4), and wait_for_publish() of such a message raises',
    try: 'wait for the acknowledgement in on_publish, which tells the mid of each message when it has come',
  },
];

/** What such an error means, and what to do about it; undefined where the error speaks for itself. */
export function knownCause(error: string): Pick<Known, 'why' | 'try'> | undefined {
  const found = known.find(one => one.error.test(error));
  return found && { why: found.why, try: found.try };
}
