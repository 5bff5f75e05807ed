/** What the chart in {@code helm/starling} renders: objects, and refusals of values. */
package social.starling.chart;
