package io.tidewheel.monitor;

import io.tidewheel.backlog.Standing;

/** A row of the board with its rates. */
public record Seen(Standing standing, Rates rates) {}
