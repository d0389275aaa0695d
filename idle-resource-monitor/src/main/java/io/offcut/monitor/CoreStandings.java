package io.offcut.monitor;

import io.offcut.core.CpuSet;
import io.offcut.linux.CpuTopology;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** For how many samples each core has been idle in the hands it is in now. */
final class CoreStandings {
    /** Whose a core is when no job has it. */
    static final String NOBODY = "";

    private final MonitorConfig config;
    private final CpuTopology topology;
    private @Nullable String[] owners = new String[64];
    private int[] idleSamples = new int[64];
    private CpuSet suspect = CpuSet.empty();

    CoreStandings(MonitorConfig config, CpuTopology topology) {
        this.config = config;
        this.topology = topology;
    }

    /**
     * These cores belong to this owner, and this is their load now. One that comes from other hands
     * starts anew.
     *
     * @param offered those that were offered until now
     */
    void look(CpuSet cores, String owner, CoreLoads loads, CpuSet offered) {
        reserve(cores.stream().max().orElse(0));
        for (int core : cores.toArray()) {
            if (!owner.equals(owners[core])) {
                forget(core);
                owners[core] = owner;
            }
            double load = load(core, loads);
            if (load > config.busyThreshold()) {
                idleSamples[core] = 0;
                suspect = offered.contains(core) ? suspect.plus(CpuSet.of(core)) : suspect;
            } else if (!Double.isNaN(load)) {
                idleSamples[core] = Math.min(idleSamples[core], Integer.MAX_VALUE - 1) + 1;
            }
        }
    }

    /** Who uses one thread of a core slows the others. */
    private double load(int core, CoreLoads loads) {
        double load = loads.of(core);
        if (!config.offerSiblings()) {
            CpuSet siblings = topology.siblings(core);
            if (siblings.size() > 1) {
                for (int sibling : siblings.toArray()) {
                    double other = loads.of(sibling);
                    load = other > load || other > config.busyThreshold() ? other : load;
                }
            }
        }
        return load;
    }

    /** These are in hands in which nobody watches them. */
    void forget(CpuSet cores) {
        cores.stream().filter(core -> core < owners.length).forEach(this::forget);
    }

    private void forget(int core) {
        owners[core] = null;
        idleSamples[core] = 0;
        suspect = suspect.contains(core) ? suspect.minus(CpuSet.of(core)) : suspect;
    }

    /**
     * Whether the core may be offered now.
     *
     * @param vouched whether a batch system says that nobody has it; then one idle sample is
     *     enough, or none when its load is not judged, unless it was found busy while it was
     *     offered
     */
    boolean isIdle(int core, CoreLoads loads, boolean vouched) {
        if (idleSamples[core] >= config.offerAfterSamples()) {
            suspect = suspect.contains(core) ? suspect.minus(CpuSet.of(core)) : suspect;
            return true;
        }
        return vouched
                && !suspect.contains(core)
                && (idleSamples[core] > 0 || Double.isNaN(load(core, loads)));
    }

    /** Idle samples in a row in the hands of its present owner. */
    int idleSamples(int core) {
        return idleSamples[core];
    }

    private void reserve(int highest) {
        if (highest >= owners.length) {
            owners = Arrays.copyOf(owners, highest + 64);
            idleSamples = Arrays.copyOf(idleSamples, highest + 64);
        }
    }
}
