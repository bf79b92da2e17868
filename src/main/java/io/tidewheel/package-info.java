/**
 * The node: reads the configuration, wires the packages below it together and starts and stops them
 * in order. The only place outside the command line that takes the wall clock, random numbers and
 * fresh ids from the platform; everything below gets them handed in.
 */
@NullMarked
package io.tidewheel;

import org.jspecify.annotations.NullMarked;
