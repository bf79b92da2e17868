/**
 * The configuration as typed values: read once, checked completely, and refused with the key, the
 * value and what was expected. Owns the loading order, the keys below {@code tidewheel} and how
 * durations and sizes are written for people; other packages read blocks of their own with {@link
 * io.tidewheel.config.SettingsReader}. Talks to nobody.
 */
@NullMarked
package io.tidewheel.config;

import org.jspecify.annotations.NullMarked;
