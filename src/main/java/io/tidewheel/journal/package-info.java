/**
 * The boundary to storage. Persistent actors write through Akka Persistence; what they do not need
 * for recovery (message payloads) is read back by sequence number through {@link
 * io.tidewheel.journal.RowReader}. The stores themselves live in the packages below; no other
 * package sees them.
 */
@NullMarked
package io.tidewheel.journal;

import org.jspecify.annotations.NullMarked;
