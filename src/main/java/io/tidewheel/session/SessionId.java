package io.tidewheel.session;

/** Names a session: 128 random bits, known to its client alone. */
record SessionId(long high, long low) {}
