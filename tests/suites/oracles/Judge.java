// SPDX-License-Identifier: Apache-2.0
// What JSSE's own trust manager, or without a purpose its path builder, says of the chains of
// chains.c on standard input: a line each, number, verdict and reason.
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

public class Judge {
	static X509Certificate read(CertificateFactory factory, String text) throws Exception {
		byte[] der = Base64.getDecoder().decode(text);
		return (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der));
	}

	// What cannot be read is left out.
	static List<X509Certificate> readAll(CertificateFactory factory, String texts) {
		List<X509Certificate> list = new ArrayList<>();
		for (String text : texts.split(","))
			try {
				if (!text.isEmpty())
					list.add(read(factory, text));
			} catch (Exception unread) {
				continue;
			}
		return list;
	}

	static void judge(CertificateFactory factory, String[] fields) throws Exception {
		List<X509Certificate> chain = new ArrayList<>();
		Set<TrustAnchor> anchors = new HashSet<>();
		chain.add(read(factory, fields[3]));
		chain.addAll(readAll(factory, fields[4]));
		for (X509Certificate anchor : readAll(factory, fields[5]))
			anchors.add(new TrustAnchor(anchor, null));
		X509CertSelector selector = new X509CertSelector();
		selector.setCertificate(chain.get(0));
		PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, selector);
		parameters.setDate(new Date(Long.parseLong(fields[1]) * 1000));
		parameters.setRevocationEnabled(false);
		if (fields[2].equals("any")) {
			parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(chain)));
			CertPathBuilder.getInstance("PKIX").build(parameters);
			return;
		}
		TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
		managers.init(new CertPathTrustManagerParameters(parameters));
		X509TrustManager manager = (X509TrustManager) managers.getTrustManagers()[0];
		X509Certificate[] sent = chain.toArray(new X509Certificate[0]);
		if (fields[2].equals("client"))
			manager.checkClientTrusted(sent, "UNKNOWN");
		else
			manager.checkServerTrusted(sent, "UNKNOWN");
	}

	public static void main(String[] arguments) throws Exception {
		CertificateFactory factory = CertificateFactory.getInstance("X.509");
		BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
		String line;
		while ((line = lines.readLine()) != null) {
			String[] fields = line.split("\t", -1);
			String reason = "";
			try {
				judge(factory, fields);
			} catch (Exception refused) {
				Throwable last = refused;
				while (last.getCause() != null)
					last = last.getCause();
				reason = last.toString().replaceAll("\\s+", " ");
			}
			System.out.println(fields[0] + "\t" + (reason.isEmpty() ? "accept" : "reject") + "\t" + reason);
		}
	}
}
