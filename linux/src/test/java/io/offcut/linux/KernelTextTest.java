package io.offcut.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.CpuSet;
import io.offcut.testing.Seeds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The readers of /proc, on recorded text and on rubbish. */
final class KernelTextTest {
    private static final String STAT =
            """
            cpu  300 0 150 2500 17 1 2 5 0 0
            cpu0 100 10 50 1000 7 1 2 5 0 0
            cpu2 200 0 100 1500 10 0 0 0 0 0
            intr 180941 0 0 0
            ctxt 123
            """;

    @TempDir private Path folder;

    @Test
    void countsBusyAndIdleTicksPerCpu() {
        ProcStat stat = ProcStat.parse(STAT);
        assertThat(stat.cpus()).isEqualTo(CpuSet.of(0, 2));
        assertThat(stat.busyTicks(0)).isEqualTo(163);
        assertThat(stat.idleTicks(0)).isEqualTo(1012);
        assertThat(stat.busyTicks(2)).isEqualTo(300);
        assertThat(stat.idleTicks(2)).isEqualTo(1510);
        assertThat(stat.busyTicks(1)).isZero();
        assertThat(stat.idleTicks(4000)).isZero();
    }

    @Test
    void differencesOfSnapshotsAreNeverNegative() {
        ProcStat earlier = ProcStat.parse(STAT);
        ProcStat later = ProcStat.parse("cpu0 150 10 50 1040 7 1 2 5 0 0\ncpu2 1 0 0 1 0 0 0 0\n");
        assertThat(later.busyTicksSince(earlier, 0)).isEqualTo(50);
        assertThat(later.wholeTicksSince(earlier, 0)).isEqualTo(90);
        assertThat(later.busyTicksSince(earlier, 2)).isZero();
        assertThat(later.wholeTicksSince(earlier, 2)).isZero();
    }

    @Test
    void readsManyCpusInAnyOrder() {
        ProcStat stat = ProcStat.parse("cpu300 1 2 3 4\ncpu5 6 7 8 9\ncpu8192 1 1 1 1\n");
        assertThat(stat.cpus()).isEqualTo(CpuSet.of(5, 300));
        assertThat(stat.busyTicks(300)).isEqualTo(6);
        assertThat(stat.idleTicks(5)).isEqualTo(9);
    }

    @Test
    void readsMemoryInBytes() {
        MemInfo info =
                MemInfo.parse("MemTotal:  1000 kB\nMemFree: 200 kB\nMemAvailable:  700 kB\n");
        assertThat(info).isEqualTo(new MemInfo(1_024_000, 716_800, 204_800));
        assertThat(MemInfo.parse("MemTotal: 1000 kB\nMemFree: 200 kB\n").availableBytes())
                .isEqualTo(204_800);
        assertThat(MemInfo.parse("MemTotal: -5 kB\nMemFree: x\n")).isEqualTo(new MemInfo(0, 0, 0));
    }

    @Test
    void readsPressureOrSaysThatThereIsNone() {
        Recorded.write(
                folder.resolve("pressure/memory"),
                """
                some avg10=1.50 avg60=0.10 avg300=0.00 total=12345
                full avg10=0.25 avg60=0.00 avg300=0.00 total=99
                """);
        assertThat(Psi.read(folder, Psi.Resource.MEMORY)).contains(new Psi(1.5, 0.25, 12345));
        assertThat(Psi.read(folder, Psi.Resource.CPU)).isEmpty();
        assertThat(Psi.parse("some avg10=NaN total=x\n")).contains(new Psi(0, 0, 0));
        assertThat(Psi.parse("rubbish")).isEqualTo(Optional.empty());
    }

    @Test
    void readsAProcessWithParenthesesInItsName() {
        String line =
                "4242 (a) R (b c) S 17 4242 4242 0 -1 4194304 1 2 3 4 100 50 30 20 20 0 5 0 987654"
                        + " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 17 3 0 0";
        ProcessStat stat = ProcessStat.parse(line);
        ThreadCpu thread = ThreadCpu.parse(KernelText.of(line + "\n"));
        assertThat(thread).isEqualTo(new ThreadCpu(4242, ProcessCpu.ticksToMicros(150), 3));
        assertThat(ThreadCpu.parse(KernelText.of("1 (short) S 1 2 3"))).isNull();
        assertThat(stat).isEqualTo(new ProcessStat(4242, 'S', 17, 150, 50, 987654));
    }

    @Test
    void addsUpTheCpuTimeOfAFamily() {
        Recorded.tree(
                folder,
                Map.of(
                        "10/stat", "10 (root) S 1 0 0 0 0 0 0 0 0 0 1 1 2 2 20 0 1 0 500",
                        "11/stat", "11 (child) S 10 0 0 0 0 0 0 0 0 0 10 10 0 0 20 0 1 0 501",
                        "12/stat", "12 (grand child) S 11 0 0 0 0 0 0 0 0 0 100 0 0 0 20 0 1 0 502",
                        "13/stat", "13 (stranger) S 1 0 0 0 0 0 0 0 0 0 999 999 0 0 20 0 1 0 503",
                        "14/stat", "no process at all"));
        assertThat(ProcessTree.descendants(folder, 10))
                .containsExactly(new ProcessRef(11, 501), new ProcessRef(12, 502));
        assertThat(ProcessCpu.treeMicros(folder, 10)).isEqualTo(ProcessCpu.ticksToMicros(126));
        assertThat(ProcessCpu.treeMicros(folder, 99)).isEqualTo(-1);
    }

    @Test
    void joinsTheAffinityOfAllThreads() {
        Recorded.tree(
                folder,
                Map.of(
                        "7/task/7/status", "Name:\tx\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n",
                        "7/task/8/status", "Cpus_allowed_list:\t4\n",
                        "7/task/9/status", "Cpus_allowed_list:\trubbish\n"));
        assertThat(CpuAffinity.ofProcess(folder, 7)).isEqualTo(CpuSet.of(0, 1, 4));
    }

    @Test
    void survivesRubbish() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        String alphabet = "cpu0123456789 \n:()-avg10=.kBsome\t";
        for (int round = 0; round < 2000; round++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? "cpu" : "");
            for (int i = random.nextInt(80); i > 0; i--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            String input = text.toString();
            assertThat(ProcStat.parse(input).cpus().size()).as("seed %d", seed).isNotNegative();
            assertThat(MemInfo.parse(input)).as("seed %d", seed).isNotNull();
            assertThat(Psi.parse(input)).as("seed %d", seed).isNotNull();
            ProcessStat stat = ProcessStat.parse(input);
            assertThat(stat == null || stat.pid() >= 0).as("seed %d: %s", seed, input).isTrue();
        }
    }

    @Test
    void cutsFilesThatAreTooLong() throws Exception {
        Path file = Files.write(folder.resolve("long"), new byte[KernelFile.MAX_BYTES + 5]);
        assertThat(KernelFile.readOrEmpty(file)).hasSize(KernelFile.MAX_BYTES);
        assertThat(KernelFile.readOrEmpty(folder.resolve("none"))).isEmpty();
        assertThat(KernelFile.readLong(folder.resolve("none"), -7)).isEqualTo(-7);
    }

    @Test
    void hostIdTellsKernelsAndSharedMemoryApart() throws Exception {
        Path shm = Files.createDirectory(folder.resolve("shm"));
        Path otherShm = Files.createDirectory(folder.resolve("other-shm"));
        Path proc = folder.resolve("proc");
        Path rebooted = folder.resolve("rebooted");
        Recorded.write(proc.resolve("sys/kernel/random/boot_id"), "aaaa-bbbb\n");
        Recorded.write(rebooted.resolve("sys/kernel/random/boot_id"), "cccc-dddd\n");
        String id = HostId.of(proc, shm);
        assertThat(id).matches("[0-9a-f]{32}").isEqualTo(HostId.of(proc, shm));
        assertThat(HostId.of(proc, otherShm)).isNotEqualTo(id);
        assertThat(HostId.of(rebooted, shm)).isNotEqualTo(id);
        assertThat(HostId.current()).matches("[0-9a-f]{32}").isEqualTo(HostId.current());
    }

    @Test
    void foldsAndParsesCpuMaps() {
        CpuMap fold = CpuMap.fold(CpuSet.range(0, 3), CpuSet.of(0, 1));
        assertThat(fold.toReal(CpuSet.of(2, 3))).isEqualTo(CpuSet.of(0, 1));
        assertThat(fold.toReal(2)).isZero();
        assertThat(fold.toString()).isEqualTo("0=0;1=1;2=0;3=1");
        assertThat(CpuMap.parse(fold.toString()).toReal(3)).isEqualTo(1);
        assertThat(fold.isShared(2, CpuSet.range(0, 3))).isTrue();
        assertThat(fold.isShared(2, CpuSet.range(1, 3))).isFalse();
        assertThat(CpuMap.parse("").isIdentity()).isTrue();
        assertThat(CpuMap.identity().toReal(CpuSet.of(5, 9))).isEqualTo(CpuSet.of(5, 9));
        assertThat(CpuMap.identity().isShared(5, CpuSet.range(0, 9))).isFalse();
    }

    @Test
    void refusesCpuMapsThatAreNone() {
        for (String text : new String[] {"0", "0=0=0", "0=0-1", "0-1=0;1=1", "x=0", "0=0;"}) {
            assertThatThrownBy(() -> CpuMap.parse(text))
                    .as(text)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
