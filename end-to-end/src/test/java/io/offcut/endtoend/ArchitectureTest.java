package io.offcut.endtoend;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The modules and their arrows, as docs/concepts names them. */
final class ArchitectureTest {
    private static final JavaClasses OFFCUT =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("io.offcut");

    @Test
    void arrowsPointDown() {
        layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage("io.offcut..")
                .layer("core")
                .definedBy("io.offcut.core..")
                .layer("bundle")
                .definedBy("io.offcut.bundle..")
                .layer("linux")
                .definedBy("io.offcut.linux..")
                .layer("traces")
                .definedBy("io.offcut.traces..")
                .layer("slurm")
                .definedBy("io.offcut.slurm..")
                .layer("monitor")
                .definedBy("io.offcut.monitor..")
                .layer("scheduler")
                .definedBy("io.offcut.scheduler..")
                .layer("executor")
                .definedBy("io.offcut.executor..")
                .layer("node")
                .definedBy("io.offcut.node..")
                .layer("client")
                .definedBy("io.offcut.client..")
                .layer("simulator")
                .definedBy("io.offcut.simulator..")
                .layer("cli")
                .definedBy("io.offcut.cli..")
                .whereLayer("core")
                .mayNotAccessAnyLayer()
                .whereLayer("bundle")
                .mayOnlyAccessLayers("core")
                .whereLayer("linux")
                .mayOnlyAccessLayers("core")
                .whereLayer("traces")
                .mayOnlyAccessLayers("core")
                .whereLayer("slurm")
                .mayOnlyAccessLayers("core")
                .whereLayer("monitor")
                .mayOnlyAccessLayers("core", "linux", "slurm")
                .whereLayer("scheduler")
                .mayOnlyAccessLayers("core", "bundle")
                .whereLayer("executor")
                .mayOnlyAccessLayers("core", "linux")
                .whereLayer("node")
                .mayOnlyAccessLayers("core", "bundle", "linux", "slurm", "monitor", "executor")
                .whereLayer("client")
                .mayOnlyAccessLayers("core", "bundle", "executor")
                .whereLayer("simulator")
                .mayOnlyAccessLayers("core", "scheduler", "traces")
                .check(OFFCUT);
    }

    @Test
    void internalsStayInTheirModule() {
        for (String module :
                new String[] {
                    "bundle",
                    "linux",
                    "traces",
                    "slurm",
                    "monitor",
                    "scheduler",
                    "executor",
                    "node",
                    "client",
                    "simulator",
                    "cli"
                }) {
            noClasses()
                    .that()
                    .resideOutsideOfPackage("io.offcut." + module + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("io.offcut." + module + ".internal..")
                    .allowEmptyShould(true)
                    .check(OFFCUT);
        }
    }

    @Test
    void coreKnowsNoFramework() {
        classes()
                .that()
                .resideInAPackage("io.offcut.core..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "io.offcut.core..",
                        "org.jspecify.annotations..",
                        "com.fasterxml.jackson.annotation..")
                .check(OFFCUT);
    }

    @Test
    void theBrainHasNoClockNoChanceNoThreadAndNoFiles() {
        noClasses()
                .that()
                .resideInAPackage("io.offcut.scheduler.brain..")
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(Clock.class, Random.class, Thread.class)
                .orShould()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "java.io..",
                        "java.nio.file..",
                        "java.net..",
                        "java.util.concurrent..",
                        "org.slf4j..")
                .check(OFFCUT);
    }

    @Test
    void onlyLinuxCallsNativeCode() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.offcut.linux..", "io.offcut.executor..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker")
                .check(OFFCUT);
    }
}
