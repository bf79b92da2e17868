package io.tidewheel.client;

import java.util.List;

/**
 * What has changed of what waits.
 *
 * @param rows that are new or not as they were; each once, as it is now
 * @param gone rows that are not there any more or not what is watched, as they were last
 */
public record BacklogChange(List<BacklogRow> rows, List<BacklogRow> gone) {}
