package io.offcut.slurm.internal.site;

import static io.offcut.slurm.SiteFinding.change;
import static io.offcut.slurm.SiteFinding.note;
import static io.offcut.slurm.SiteFinding.ok;
import static io.offcut.slurm.SiteFinding.unchecked;

import io.offcut.slurm.SiteFinding;
import java.util.List;

/** Is it known when a job starts, and does it stay in what it was given? */
final class ConfinementChecks {
    private ConfinementChecks() {}

    static List<SiteFinding> of(ConfigTable config, Reading cgroupConf) {
        return List.of(
                prologFlags(config),
                processTracking(config),
                taskPlugin(config),
                constrained(
                        "ConstrainCores",
                        config,
                        cgroupConf,
                        "a job's processes run on every core of the node, also on those that"
                                + " functions have"),
                constrained(
                        "ConstrainRAMSpace",
                        config,
                        cgroupConf,
                        "a job may take memory that was offered to functions, and the kernel then"
                                + " kills whom it likes"),
                jobContainer(config));
    }

    private static SiteFinding prologFlags(ConfigTable config) {
        List<String> flags = config.words("PrologFlags");
        String found = config.get("PrologFlags");
        if (!flags.contains("contain")) {
            return change(
                    "PrologFlags",
                    found.isEmpty() ? "not set" : found,
                    "set PrologFlags=Alloc,Contain in slurm.conf: without Contain no extern step"
                            + " tells a job's cores before its first task, without Alloc the prolog"
                            + " runs on later nodes only at their first step");
        }
        return flags.contains("alloc")
                ? ok("PrologFlags", found)
                : change(
                        "PrologFlags",
                        found,
                        "add Alloc to PrologFlags in slurm.conf: without it the prolog runs on"
                                + " later nodes of a job only at their first step, and functions"
                                + " keep its cores until then");
    }

    private static SiteFinding processTracking(ConfigTable config) {
        String type = config.get("ProctrackType");
        return type.equals("proctrack/cgroup")
                ? ok("ProctrackType", type)
                : change(
                        "ProctrackType",
                        type,
                        "set ProctrackType=proctrack/cgroup in slurm.conf: what a process left"
                                + " behind by a job takes of its cores would be the functions'"
                                + " loss, and what a job leaves unused cannot be measured");
    }

    private static SiteFinding taskPlugin(ConfigTable config) {
        String found = config.get("TaskPlugin");
        List<String> plugins = config.words("TaskPlugin");
        if (plugins.contains("task/cgroup") || plugins.contains("cgroup")) {
            return ok("TaskPlugin", found);
        }
        return change(
                "TaskPlugin",
                found.isEmpty() ? "not set" : found,
                "set TaskPlugin=task/affinity,task/cgroup in slurm.conf: without task/cgroup"
                        + " nothing of cgroup.conf holds, and a task may leave its cores");
    }

    /** From scontrol, which shows what is in force; else from the file beside slurm.conf. */
    private static SiteFinding constrained(
            String key, ConfigTable config, Reading file, String breaks) {
        ConfigTable used = config;
        if (!config.has(key)) {
            if (file.text() == null) {
                return unchecked(
                        key,
                        "scontrol does not show it, cgroup.conf " + file.why(),
                        "see that cgroup.conf has " + key + "=yes: without it " + breaks);
            }
            used = ConfigTable.ofFile(file.text());
        }
        boolean on = ConfigTable.lower(used.get(key)).equals("yes");
        return on
                ? ok(key, "yes")
                : change(
                        key,
                        "no",
                        "set "
                                + key
                                + "=yes in cgroup.conf and restart slurmd: without it "
                                + breaks);
    }

    /** Newer versions call the same plugin namespace/tmpfs. */
    private static SiteFinding jobContainer(ConfigTable config) {
        String type =
                config.has("NamespaceType")
                        ? config.get("NamespaceType")
                        : config.get("JobContainerType");
        return type.endsWith("/tmpfs")
                ? note(
                        "JobContainerType",
                        type,
                        "leave /dev/shm out of Dirs= in job_container.conf if jobs can share it:"
                                + " with one of its own a job reaches functions only by TCP, also"
                                + " those on its node")
                : ok("JobContainerType", type.isEmpty() ? "none" : type);
    }
}
