/** What students get. */
export { type HandedOut, type HandoutRequest, type KeptBack, makeHandout } from './make-handout.js';
export { type LessonModules, lessonModules, publicLesson } from './public-lesson.js';
