/**
 * The command line: starts a node, and talks to a running one over HTTP as any other client would.
 *
 * <p>Owns the process: standard streams, exit codes, signals. Talks to the wiring in {@link
 * io.tidewheel} only to start a node; everything else goes through the published HTTP interface.
 */
@NullMarked
package io.tidewheel.cli;

import org.jspecify.annotations.NullMarked;
