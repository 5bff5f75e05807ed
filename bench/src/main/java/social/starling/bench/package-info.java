/**
 * Measures an installation from outside: nothing here is part of what runs. Commands only; each
 * kind of measurement has a package of its own.
 */
package social.starling.bench;
