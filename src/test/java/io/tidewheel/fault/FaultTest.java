package io.tidewheel.fault;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.crash.BrokerClient;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs rows of faults against a real cluster. Use it with {@code bin/fault-test}. */
public final class FaultTest {
  private static final String MARK = "fault-test";
  private static final String UNFENCED = "tidewheel.cluster.unsafe-write-without-quorum = on\n";

  private final FaultOptions options;
  private final PrintStream out;

  FaultTest(FaultOptions options, PrintStream out) {
    this.options = options;
    this.out = out;
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (List.of(arguments).contains("--help")) {
      System.out.print(FaultOptions.usage());
      return;
    }
    FaultOptions options;
    try {
      options = FaultOptions.parse(List.of(arguments), System.nanoTime() & 0xffff_ffffL);
    } catch (FaultOptions.UsageException e) {
      System.err.println("fault-test: " + e.getMessage() + "; see --help");
      System.exit(2);
      return;
    }
    if (Files.exists(options.directory()) && !Files.exists(options.directory().resolve(MARK))) {
      System.err.println(
          "fault-test: " + options.directory() + " holds other things; it would be deleted");
      System.exit(2);
      return;
    }
    List<RowResult> results = new FaultTest(options, System.out).run();
    System.exit(isAsWanted(options, results) ? 0 : 1);
  }

  /**
   * Without the fence something must go wrong that it is for; a run that broke off shows nothing.
   */
  private static boolean isAsWanted(FaultOptions options, List<RowResult> results) {
    return options.isUnfenced()
        ? results.stream().anyMatch(RowResult::showsTwoWriters)
        : results.stream().noneMatch(RowResult::isRed);
  }

  /** Runs all rows; those of one kind of cluster on one after the other. */
  List<RowResult> run() throws IOException, InterruptedException {
    delete(options.directory());
    Files.createDirectories(options.directory());
    Files.writeString(options.directory().resolve(MARK), "");
    out.printf(
        "fault test: seed %d, %d s a row, %d messages/s, in %s%n",
        options.seed(), options.duration().toSeconds(), options.rate(), options.directory());
    List<RowResult> results = new ArrayList<>();
    Map<List<String>, List<Row>> byCluster = new LinkedHashMap<>();
    for (Row row : options.rows()) {
      byCluster.computeIfAbsent(clusterFor(row), same -> new ArrayList<>()).add(row);
    }
    for (Map.Entry<List<String>, List<Row>> entry : byCluster.entrySet()) {
      run(entry.getKey(), entry.getValue(), results);
    }
    boolean isAsWanted = isAsWanted(options, results);
    String verdict = isAsWanted ? "PASSED" : "FAILED: not all is as promised";
    if (options.isUnfenced()) {
      verdict = isAsWanted ? "RED, AS IT MUST BE" : "FAILED: nobody noticed that the fence was off";
    }
    out.printf("%s (seed %d)%n", verdict, options.seed());
    return results;
  }

  /** What the cluster of a row is started with. */
  private List<String> clusterFor(Row row) {
    List<String> line = new ArrayList<>();
    line.addAll(List.of("--cassandra", Integer.toString(Math.max(options.stores(), row.stores()))));
    if (row.needsNetworks()) {
      line.add("--netns");
    }
    if (row.needsClocks()) {
      line.add("--clocks");
    }
    if (row.needsDisks()) {
      line.add("--disks");
    }
    return line;
  }

  private void run(List<String> line, List<Row> rows, List<RowResult> results)
      throws IOException, InterruptedException {
    Path directory = options.directory().resolve("cluster" + String.join("", line));
    List<String> all = new ArrayList<>(line);
    Path config = config();
    if (config != null) {
      all.addAll(List.of("--config", config.toString()));
    }
    int before = results.size();
    try (LocalCluster cluster = LocalCluster.start(directory, all);
        Brokers brokers = new Brokers(cluster.urls())) {
      new RowRun(options, rows.get(0), cluster, brokers, 0).warm();
      for (Row row : rows) {
        add(new RowRun(options, row, cluster, brokers, results.size() + 1).run(), results);
      }
    } catch (IOException e) {
      // Rows of other clusters may show something all the same.
      for (Row row : rows.subList(results.size() - before, rows.size())) {
        RowResult result = new RowResult(row, options.seed());
        result.violation(Promise.INCOMPLETE, "there was no cluster for it: " + e.getMessage());
        add(result, results);
      }
    }
  }

  private void add(RowResult result, List<RowResult> results) throws IOException {
    result.print(out);
    results.add(result);
    report(results);
  }

  /** After each row, as the next one may be broken off. */
  private void report(List<RowResult> results) throws IOException {
    Path report = options.report();
    if (report != null) {
      ObjectNode node = BrokerClient.MAPPER.createObjectNode();
      node.put("seed", options.seed()).put("seconds", options.duration().toSeconds());
      node.put("rate", options.rate()).put("unfenced", options.isUnfenced());
      ArrayNode rows = node.putArray("rows");
      results.forEach(result -> rows.add(result.json()));
      BrokerClient.MAPPER.writerWithDefaultPrettyPrinter().writeValue(report.toFile(), node);
    }
  }

  private @Nullable Path config() throws IOException {
    if (!options.isUnfenced()) {
      return null;
    }
    Path file = options.directory().resolve("unfenced.conf");
    Files.writeString(file, UNFENCED);
    return file;
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path path, @Nullable IOException error)
              throws IOException {
            Files.delete(path);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
