package io.offcut.scheduler.internal;

import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseToken;
import java.security.PrivateKey;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of the leases that live. Signing costs more than granting, so a token is signed when
 * its owner first asks for it, outside of the core's thread. Safe for any thread.
 */
public final class Tokens {
    private final PrivateKey key;
    private final Map<String, Entry> entries = new ConcurrentHashMap<>();

    public Tokens(PrivateKey key) {
        this.key = key;
    }

    private static final class Entry {
        private final LeaseTerms terms;
        private @Nullable String token;

        Entry(LeaseTerms terms) {
            this.terms = terms;
        }

        synchronized String token(PrivateKey key) {
            String signed = token;
            if (signed == null) {
                signed = LeaseToken.sign(terms, key);
                token = signed;
            }
            return signed;
        }
    }

    /** A lease has these terms from now on. */
    public void put(LeaseTerms terms) {
        entries.put(terms.leaseId(), new Entry(terms));
    }

    /** The lease is over. */
    public void remove(String leaseId) {
        entries.remove(leaseId);
    }

    /** Signs if need be; empty for a lease that is over or whose terms are not known here. */
    public Optional<String> token(String leaseId) {
        return Optional.ofNullable(entries.get(leaseId)).map(entry -> entry.token(key));
    }
}
