package io.offcut.scheduler.internal.state;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;

/**
 * The Ed25519 key (RFC 8032) that signs lease tokens. Made at the first start and kept in {@code
 * signing-key}, mode 0600: a line of PKCS#8 and a line of X.509 encoding, base64. Tokens stay valid
 * over a restart.
 */
public final class SigningKey {
    private static final String FILE = "signing-key";
    private static final String ALGORITHM = "Ed25519";
    private static final Set<PosixFilePermission> OWNER_ONLY =
            Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private final PrivateKey privateKey;
    private final PublicKey publicKey;

    private SigningKey(PrivateKey privateKey, PublicKey publicKey) {
        this.privateKey = privateKey;
        this.publicKey = publicKey;
    }

    /** Loads the key, or makes it. */
    public static SigningKey loadOrCreate(StateFolder folder) {
        Path file = folder.path(FILE);
        try {
            Optional<byte[]> stored = folder.read(FILE);
            if (stored.isEmpty()) {
                KeyPair pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
                folder.write(FILE, text(pair));
                return new SigningKey(pair.getPrivate(), pair.getPublic());
            }
            if (!OWNER_ONLY.containsAll(Files.getPosixFilePermissions(file))) {
                throw new OffcutException(
                        ErrorCode.FORBIDDEN,
                        "others may read the signing key " + file + "; run: chmod 600 " + file);
            }
            return parse(stored.get());
        } catch (IOException e) {
            throw StateFolder.failure("cannot read", file, e);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    "the signing key "
                            + file
                            + " is damaged; restore it, or remove it to make a new one (tokens given out become invalid)");
        }
    }

    private static byte[] text(KeyPair pair) {
        Base64.Encoder base64 = Base64.getEncoder();
        String lines =
                base64.encodeToString(pair.getPrivate().getEncoded())
                        + "\n"
                        + base64.encodeToString(pair.getPublic().getEncoded())
                        + "\n";
        return lines.getBytes(StandardCharsets.US_ASCII);
    }

    private static SigningKey parse(byte[] text) throws GeneralSecurityException {
        String[] lines = new String(text, StandardCharsets.US_ASCII).split("\n", -1);
        if (lines.length != 3) {
            throw new GeneralSecurityException("expected two lines");
        }
        KeyFactory factory = KeyFactory.getInstance(ALGORITHM);
        Base64.Decoder base64 = Base64.getDecoder();
        SigningKey key =
                new SigningKey(
                        factory.generatePrivate(new PKCS8EncodedKeySpec(base64.decode(lines[0]))),
                        factory.generatePublic(new X509EncodedKeySpec(base64.decode(lines[1]))));
        key.requireMatch();
        return key;
    }

    private void requireMatch() throws GeneralSecurityException {
        byte[] probe = {1, 2, 3};
        Signature signature = Signature.getInstance(ALGORITHM);
        signature.initSign(privateKey);
        signature.update(probe);
        byte[] signed = signature.sign();
        signature.initVerify(publicKey);
        signature.update(probe);
        if (!signature.verify(signed)) {
            throw new GeneralSecurityException("the halves do not belong together");
        }
    }

    public PrivateKey privateKey() {
        return privateKey;
    }

    /** X.509 encoding, base64, as nodes are told. */
    public String publicKeyText() {
        return Base64.getEncoder().encodeToString(publicKey.getEncoded());
    }
}
