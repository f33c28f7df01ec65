import java.io.FileOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Base64;
import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.xml.security.Init;
import org.apache.xml.security.encryption.EncryptedData;
import org.apache.xml.security.encryption.EncryptedKey;
import org.apache.xml.security.encryption.XMLCipher;
import org.apache.xml.security.keys.KeyInfo;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * Makes the fixtures of TestSantuario with Apache Santuario (Debian: libxml-security-java), once:
 *
 *   J=/usr/share/java; java -cp $J/xmlsec.jar:$J/slf4j-api.jar:$J/slf4j-nop.jar:$J/commons-codec.jar Make.java .
 *
 * The key is made anew each time and belongs to nobody.
 */
public class Make {
    static final String SAML = "urn:oasis:names:tc:SAML:2.0:assertion";
    static final String ENC = "http://www.w3.org/2001/04/xmlenc#";
    static final String ENC11 = "http://www.w3.org/2009/xmlenc11#";

    public static void main(String[] args) throws Exception {
        Init.init();
        Path dir = Path.of(args[0]);
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        KeyPair pair = generator.generateKeyPair();
        String key = Base64.getMimeEncoder(64, "\n".getBytes()).encodeToString(pair.getPrivate().getEncoded());
        Files.writeString(dir.resolve("key.pem"),
            "-----BEGIN PRIVATE KEY-----\n" + key + "\n-----END PRIVATE KEY-----\n");
        String[][] rows = {
            {"gcm256-oaep-sha256", ENC11 + "aes256-gcm", ENC11 + "rsa-oaep", ENC + "sha256", ENC11 + "mgf1sha256"},
            {"gcm256-oaep-sha512", ENC11 + "aes256-gcm", ENC11 + "rsa-oaep", ENC + "sha512", ENC11 + "mgf1sha512"},
            {"gcm256-oaep-sha256-mgfsha1", ENC11 + "aes256-gcm", ENC11 + "rsa-oaep", ENC + "sha256", ENC11 + "mgf1sha1"},
            {"gcm128-mgf1p", ENC11 + "aes128-gcm", ENC + "rsa-oaep-mgf1p", null, null},
            {"gcm192-mgf1p-sha256", ENC11 + "aes192-gcm", ENC + "rsa-oaep-mgf1p", ENC + "sha256", null},
            {"gcm256-mgf1p-sha512", ENC11 + "aes256-gcm", ENC + "rsa-oaep-mgf1p", ENC + "sha512", null},
            {"cbc128-mgf1p", ENC + "aes128-cbc", ENC + "rsa-oaep-mgf1p", null, null},
            {"cbc256-oaep-sha256", ENC + "aes256-cbc", ENC11 + "rsa-oaep", ENC + "sha256", ENC11 + "mgf1sha256"},
        };
        for (String[] row : rows) {
            write(dir.resolve(row[0] + ".xml"), row, pair);
        }
    }

    static void write(Path file, String[] row, KeyPair pair) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        Document doc = factory.newDocumentBuilder().newDocument();
        Element root = doc.createElementNS(SAML, "saml:EncryptedAssertion");
        root.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:saml", SAML);
        doc.appendChild(root);
        Element assertion = doc.createElementNS(SAML, "saml:Assertion");
        assertion.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:saml", SAML);
        assertion.setAttribute("ID", "_santuario");
        assertion.setTextContent("blåbærgrød");
        root.appendChild(assertion);

        KeyGenerator aes = KeyGenerator.getInstance("AES");
        aes.init(Integer.parseInt(row[1].replaceAll(".*aes(\\d+).*", "$1")));
        SecretKey content = aes.generateKey();
        XMLCipher wrap = XMLCipher.getInstance(row[2], null, row[3]);
        wrap.init(XMLCipher.WRAP_MODE, pair.getPublic());
        EncryptedKey wrapped = wrap.encryptKey(doc, content, row[4], null);
        XMLCipher cipher = XMLCipher.getInstance(row[1]);
        cipher.init(XMLCipher.ENCRYPT_MODE, content);
        EncryptedData data = cipher.getEncryptedData();
        KeyInfo info = new KeyInfo(doc);
        info.add(wrapped);
        data.setKeyInfo(info);
        cipher.doFinal(doc, assertion);
        try (FileOutputStream out = new FileOutputStream(file.toFile())) {
            TransformerFactory.newInstance().newTransformer().transform(new DOMSource(doc), new StreamResult(out));
        }
    }
}
