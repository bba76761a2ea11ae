/** The formats in which grades are written. Apart from the writers: the command line lists them. */

/** What each format is, as `--help` says it. */
export const FORMATS = {
  csv: 'grades.csv (a row a learner) and checks.csv (a row a check)',
  json: 'class.json: everything, as data',
  feedback: 'feedback/ID.html: one page for each learner',
  markdown: 'feedback/ID.md: the same as Markdown',
  report: 'report.html: the class on one page',
  pcap: 'traces/ID_LESSON.pcapng: the exchange of the first failure, for Wireshark',
  canvas: 'canvas.csv: your exported gradebook, filled in',
  moodle: 'moodle.csv: your grading worksheet, filled in',
  'moodle-gradebook': 'moodle-gradebook.csv: for the import into Moodle’s gradebook',
  'moodle-feedback': 'moodle-feedback.zip: the pages for Moodle’s “Upload multiple feedback files”',
  gradescope: 'gradescope/ID.json: results.json of each learner',
  prairielearn: 'prairielearn/ID.json: results.json of each learner',
  junit: 'junit.xml: a test suite for each learner and lesson',
  ctrf: 'ctrf.json: the common test report format',
} as const;

export type Format = keyof typeof FORMATS;

/** What is written when no format is named; Canvas and Moodle join when their file is given. */
export const DEFAULT_FORMATS: readonly Format[] = ['csv', 'json', 'feedback', 'report'];
