package io.offcut.scheduler.brain;

/** The id of an adopted lease or request that ended: it must not be adopted a second time. */
final class Tombstone extends Timed {
    final String id;

    Tombstone(String id) {
        this.id = id;
    }
}
