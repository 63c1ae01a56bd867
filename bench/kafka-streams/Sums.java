// The sum of each key in Kafka Streams, and the producers and probes that it and Millrace are measured with.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/** Settings are system properties: -Dservers, -Dtopic, -Dboards and what each command says. */
public final class Sums {
    static final String STORE = "sums";
    static final String TOPIC = System.getProperty("topic");
    static final String[] BOARDS = System.getProperty("boards", "").split(",");
    /** The topic has commands that are no JSON too. */
    static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "fill" -> fill(number("records"), (int) number("keys"));
            case "run" -> run();
            case "probe" -> probe();
            default -> throw new IllegalArgumentException("fill, run or probe, not " + args[0]);
        }
    }

    static long number(String name) {
        return Long.parseLong(System.getProperty(name));
    }

    static String key(int number) {
        return String.format("k%07d", number);
    }

    /** Of each partition one board: a key's own partition is its board's too. */
    static byte[] submission(String key, long score) {
        int partition = Utils.toPositive(Utils.murmur2(key.getBytes(StandardCharsets.UTF_8))) % BOARDS.length;
        String json = "{\"type\":\"submit_score\",\"board\":\"" + BOARDS[partition] + "\",\"owner\":\"" + key
                + "\",\"score\":" + score + "}";
        return json.getBytes(StandardCharsets.UTF_8);
    }

    static KafkaProducer<String, byte[]> producer(int linger) {
        Properties to = new Properties();
        to.put("bootstrap.servers", System.getProperty("servers"));
        to.put("acks", "all");
        to.put("linger.ms", linger);
        to.put("batch.size", 256 << 10);
        to.put("compression.type", "lz4");
        return new KafkaProducer<>(to, new StringSerializer(), new ByteArraySerializer());
    }

    static void fill(long records, int keys) {
        Random random = new Random(7);
        long sum = 0;
        try (KafkaProducer<String, byte[]> producer = producer(20)) {
            for (long n = 0; n < records; n++) {
                String key = key(random.nextInt(keys));
                long score = 1 + random.nextInt(99);
                sum += checked(key) * score;
                producer.send(new ProducerRecord<>(TOPIC, key, submission(key, score)));
            }
        }
        System.out.println("CHECK " + Long.toUnsignedString(sum));
    }

    /** What a key counts for in the check: the same sums of all keys give the same number. */
    static long checked(String key) {
        CRC32 crc = new CRC32();
        crc.update(key.getBytes(StandardCharsets.UTF_8));
        return crc.getValue();
    }

    static final AtomicLong seen = new AtomicLong();
    static final CountDownLatch done = new CountDownLatch(1);
    static long warm = Long.MAX_VALUE;
    static long total = Long.MAX_VALUE;
    static volatile long[] from;
    static volatile long[] to;

    static long[] now() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return new long[] {System.nanoTime(), system.getProcessCpuTime()};
    }

    static long score(byte[] value) {
        long count = seen.incrementAndGet();
        if (count == warm) {
            from = now();
        }
        if (count == total) {
            to = now();
            done.countDown();
        }
        try {
            JsonNode said = JSON.readTree(value);
            return said.get("score").asLong();
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    static KafkaStreams streams() {
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(TOPIC, Consumed.with(Serdes.String(), Serdes.ByteArray()))
                .filter((key, value) -> value != null && value.length > 0 && value[0] == '{')
                .mapValues(Sums::score)
                .groupByKey(Grouped.with(Serdes.String(), Serdes.Long()))
                .reduce(Long::sum, Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as(STORE)
                        .withKeySerde(Serdes.String()).withValueSerde(Serdes.Long()));
        Properties with = new Properties();
        with.put("application.id", System.getProperty("app"));
        with.put("bootstrap.servers", System.getProperty("servers"));
        with.put("state.dir", System.getProperty("state"));
        with.put("processing.guarantee", System.getProperty("guarantee"));
        with.put("num.stream.threads", System.getProperty("threads"));
        with.put("statestore.cache.max.bytes", number("cache") << 20);
        with.put("commit.interval.ms", System.getProperty("commit"));
        // Kafka Streams does not leave its group when it is closed: whoever comes back waits for that to be noticed.
        with.put(StreamsConfig.consumerPrefix("session.timeout.ms"), "6000");
        with.put(StreamsConfig.consumerPrefix("auto.offset.reset"), System.getProperty("offset", "earliest"));
        if (System.getProperty("linger") != null) {
            with.put(StreamsConfig.producerPrefix("linger.ms"), System.getProperty("linger"));
        }
        return new KafkaStreams(builder.build(), with);
    }

    static ReadOnlyKeyValueStore<String, Long> store(KafkaStreams streams) {
        return streams.store(StoreQueryParameters.fromNameAndType(STORE, QueryableStoreTypes.keyValueStore()));
    }

    /** Sums the topic, says how fast, then throws the state away and says how fast it comes back. */
    static void run() throws Exception {
        warm = number("warmup");
        total = number("records");
        KafkaStreams streams = streams();
        streams.start();
        done.await();
        double seconds = (to[0] - from[0]) / 1e9;
        double cpu = (to[1] - from[1]) / 1e9;
        long check = 0;
        long keys = 0;
        try (var all = store(streams).all()) {
            while (all.hasNext()) {
                var row = all.next();
                check += checked(row.key) * row.value;
                keys++;
            }
        }
        streams.close();
        System.out.printf("RUN %.0f %.2f%n", (total - warm) / seconds, cpu * 1e6 / (total - warm));
        System.out.println("CHECK " + Long.toUnsignedString(check) + " " + keys);
        restore();
    }

    static void restore() throws Exception {
        KafkaStreams again = streams();
        again.cleanUp();
        AtomicLong restored = new AtomicLong();
        long[] span = {Long.MAX_VALUE, 0};
        again.setGlobalStateRestoreListener(new StateRestoreListener() {
            @Override
            public synchronized void onRestoreStart(TopicPartition at, String store, long first, long end) {
                span[0] = Math.min(span[0], System.nanoTime());
            }

            @Override
            public void onBatchRestored(TopicPartition at, String store, long end, long count) {
                restored.addAndGet(count);
            }

            @Override
            public synchronized void onRestoreEnd(TopicPartition at, String store, long count) {
                span[1] = System.nanoTime();
            }
        });
        CountDownLatch running = new CountDownLatch(1);
        again.setStateListener((after, before) -> {
            if (after == KafkaStreams.State.RUNNING) {
                running.countDown();
            }
        });
        again.start();
        running.await();
        double seconds = (span[1] - span[0]) / 1e9;
        System.out.printf("RESTORE %.0f %d %.2f%n", restored.get() / seconds, restored.get(), seconds);
        again.close();
    }

    /** Writes at a rate, and measures for some keys how long it takes until a query shows them. */
    static void probe() throws Exception {
        String url = System.getProperty("url");
        KafkaStreams streams = url == null ? streams() : null;
        if (streams != null) {
            streams.start();
            while (streams.state() != KafkaStreams.State.RUNNING) {
                Thread.sleep(100);
            }
        }
        HttpClient http = HttpClient.newHttpClient();
        long rate = number("rate");
        int seconds = (int) number("seconds");
        long[] times = new long[seconds * 20];
        int taken = 0;
        String run = System.getProperty("app");
        try (KafkaProducer<String, byte[]> producer = producer(0)) {
            Thread load = new Thread(() -> load(producer, rate, seconds + 5));
            load.start();
            Thread.sleep(3000);
            long next = System.nanoTime();
            while (taken < times.length && load.isAlive()) {
                next += 50_000_000L;
                LockSupport.parkNanos(next - System.nanoTime());
                String key = "p-" + run + "-" + taken;
                long began = System.nanoTime();
                producer.send(new ProducerRecord<>(TOPIC, key, submission(key, 1)));
                while (!visible(streams, http, url, key)) {
                    LockSupport.parkNanos(200_000);
                }
                times[taken++] = System.nanoTime() - began;
            }
            load.join();
        }
        if (streams != null) {
            streams.close();
        }
        long[] sorted = Arrays.copyOf(times, taken);
        Arrays.sort(sorted);
        System.out.printf("PROBE %d p50 %.2f p99 %.2f ms%n", taken, sorted[taken / 2] / 1e6, sorted[taken * 99 / 100] / 1e6);
    }

    static void load(KafkaProducer<String, byte[]> producer, long rate, int seconds) {
        Random random = new Random(11);
        long began = System.nanoTime();
        for (long n = 0; n < rate * seconds; n++) {
            long due = began + n * 1_000_000_000L / rate;
            while (System.nanoTime() < due) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            String key = key(random.nextInt(100_000));
            producer.send(new ProducerRecord<>(TOPIC, key, submission(key, 1)));
        }
    }

    static boolean visible(KafkaStreams streams, HttpClient http, String url, String key) throws Exception {
        if (streams != null) {
            return store(streams).get(key) != null;
        }
        int partition = Utils.toPositive(Utils.murmur2(key.getBytes(StandardCharsets.UTF_8))) % BOARDS.length;
        URI at = URI.create(url + "/v1/leaderboards/" + BOARDS[partition] + "/owners/" + key);
        HttpRequest ask = HttpRequest.newBuilder(at).timeout(Duration.ofSeconds(5)).build();
        return http.send(ask, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    }
}
