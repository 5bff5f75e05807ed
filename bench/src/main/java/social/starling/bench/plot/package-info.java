/** Plots as SVG, for pages: nothing but shapes and text, the same in every browser. */
package social.starling.bench.plot;
