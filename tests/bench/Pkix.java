/* SPDX-License-Identifier: Apache-2.0 */

import java.io.FileInputStream;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What JSSE does for a client's certificate: a path is built by PKIX from the anchors of a store, which is
 * what its trust manager calls. Usage: Pkix STORE CLIENTS COUNT. A tenth goes before the clock starts, for
 * a virtual machine is slow at first.
 */
final class Pkix {
    private final Set<TrustAnchor> anchors = new HashSet<>();
    private final CertStore intermediates;
    private final CertPathBuilder builder = CertPathBuilder.getInstance("PKIX");

    @SuppressWarnings("unchecked")
    private static List<X509Certificate> read(String path) throws Exception {
        try (FileInputStream in = new FileInputStream(path)) {
            Collection<?> all = CertificateFactory.getInstance("X.509").generateCertificates(in);
            return new ArrayList<>((Collection<X509Certificate>) all);
        }
    }

    private Pkix(List<X509Certificate> store) throws Exception {
        List<X509Certificate> others = new ArrayList<>();
        for (X509Certificate cert : store) {
            if (cert.getIssuerX500Principal().equals(cert.getSubjectX500Principal())) {
                anchors.add(new TrustAnchor(cert, null));
            } else {
                others.add(cert);
            }
        }
        intermediates = CertStore.getInstance("Collection", new CollectionCertStoreParameters(others));
    }

    private boolean accepts(X509Certificate client) {
        try {
            X509CertSelector target = new X509CertSelector();
            target.setCertificate(client);
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
            parameters.addCertStore(intermediates);
            parameters.setRevocationEnabled(false);
            builder.build(parameters);
            return client.getExtendedKeyUsage().contains("1.3.6.1.5.5.7.3.2");
        } catch (Exception refused) {
            return false;
        }
    }

    public static void main(String[] words) throws Exception {
        Pkix pkix = new Pkix(read(words[0]));
        int count = Integer.parseInt(words[2]), good = 0;
        List<X509Certificate> clients = read(words[1]).subList(0, count);
        for (X509Certificate client : clients.subList(0, count / 10)) {
            pkix.accepts(client);
        }
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long wall = System.nanoTime(), cpu = system.getProcessCpuTime();
        for (X509Certificate client : clients) {
            good += pkix.accepts(client) ? 1 : 0;
        }
        System.out.printf("%d good of %d, %.6f s wall, %.6f s cpu%n", good, count,
                (System.nanoTime() - wall) / 1e9, (system.getProcessCpuTime() - cpu) / 1e9);
    }
}
