/**
 * Typed settings: what a node is told by its configuration, read once, with range checks that name
 * the key. Owns also how durations are written for people. Talks to nobody.
 */
@NullMarked
package io.tidewheel.config;

import org.jspecify.annotations.NullMarked;
