// One process and one project for all of these: the last reads what the ones before it covered.
import './rules/sessions.js';
import './rules/steps.js';
import './rules/fields.js';
import './rules/together.js';
import './rules/closed.js';
import './rules/coverage.js';
