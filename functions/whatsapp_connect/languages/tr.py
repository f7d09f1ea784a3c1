"""Turkish.

Written by the project. Reviewed by a native speaker: no. Translated back by a second reader: yes.
"""

from whatsapp_connect.languages.language import Language

LANGUAGE = Language(
    tag="tr",
    direction="ltr",
    date="{day} {month} {year}",
    months=(
        "Ocak",
        "Şubat",
        "Mart",
        "Nisan",
        "Mayıs",
        "Haziran",
        "Temmuz",
        "Ağustos",
        "Eylül",
        "Ekim",
        "Kasım",
        "Aralık",
    ),
    texts={
        # The page before a login.
        "start.title": "WhatsApp Business hesabınızı bağlayın",
        "start.text": (
            "Bu hizmet, sizin için mesaj gönderip alabilmek amacıyla WhatsApp Business hesabınızı bağlamanızı istiyor."
        ),
        "start.need": (
            "İşletmenizi yönettiğiniz Facebook hesabına ihtiyacınız var. Sonraki sayfada Facebook, giriş yapmanızı ve "
            "neleri paylaşacağınızı seçmenizi ister. Bu, yaklaşık bir dakika sürer."
        ),
        "start.button": "Facebook üzerinde devam et",
        "start.cookies": (
            "Tarayıcınız bu sayfanın çerezini göndermedi. Çerezlere izin verin veya bu sayfayı başka bir tarayıcıda "
            "açın. Ardından tekrar deneyin."
        ),
        "reconnect.title": "WhatsApp hesabınızı yeniden bağlayın",
        "reconnect.text": (
            "WhatsApp Business hesabınızın bağlantısı için yeniden giriş yapmanız gerekiyor. Daha önce kullandığınız "
            "Facebook hesabını kullanın."
        ),
        # The page before Embedded Signup.
        "signup.need": (
            "İşletmenizi yönettiğiniz Facebook hesabına ihtiyacınız var. Facebook oturum açmanızı ve işletmenizi, "
            "WhatsApp hesabını ve telefon numarasını seçmenizi veya eklemenizi ister. Bu birkaç dakika sürer."
        ),
        "signup.phone": (
            "Bir numarayı WhatsApp Business uygulamasında kullanmaya devam etmek için o uygulamanın bulunduğu "
            "telefonu hazır tutun."
        ),
        "signup.open": (
            "Facebook başka bir pencerede açık. İşlemi orada bitirin: sonra bu sayfa kendiliğinden devam eder. "
            "Böyle bir pencere görmüyorsanız düğmeye yeniden basın."
        ),
        # Facts: a term, followed by its value.
        "fact.label": "Kimin için",
        "fact.numbers": "Bağlandı",
        "fact.more-numbers": "Diğer telefon numaraları",
        "fact.more-accounts": "Diğer hesaplar",
        "fact.session": "Facebook oturum kimliği",
        "fact.until": "Bitiş tarihi",
        "fact.completed": "Tamamlanma tarihi",
        # At the end of a page.
        "foot.support": "Yardım",
        "foot.privacy": "Gizlilik politikası",
        "foot.terms": "Kullanım koşulları",
        "foot.reference": "Referans: {reference}",
        "foot.languages": "Diller",
        # The other pages that are not an end of a login.
        "home.text": "Bu hizmet, WhatsApp Business hesaplarını, bu hesapları kullanan uygulamalara bağlar.",
        "home.link": "Hesabınızı bağlamak için size gönderilen linki açın.",
        "home.button": "Hesap bağla",
        "not-found.title": "Böyle bir sayfa yok",
        "not-found.text": "Lütfen adresi kontrol edin. Size bir link gönderildiyse linki mesajdan tekrar açın.",
        "finishing.title": "Neredeyse bitti",
        "finishing.text": "Bağlantınız tamamlanıyor. Lütfen birkaç saniye sonra tekrar kontrol edin.",
        "finishing.button": "Şimdi kontrol et",
        "deletion.title": "Verileriniz silindi",
        "deletion.text": (
            "Verilerinizin silinmesini istediniz. Bu hizmette kendi Facebook hesabınız altında saklanan her şey, "
            "örneğin bir WhatsApp bağlantısı, silindi."
        ),
        "deletion.business": (
            "Bir işletmeye ait bağlantı bu talebin kapsamında değildir. Bu bağlantının silinmesi için işletmenin "
            "bağlandığı hizmete başvurun."
        ),
        "deletion.unknown.title": "Bu kodu tanımıyoruz",
        "deletion.unknown.text": (
            "Lütfen adresi kontrol edin veya silme talebinizin yanında Facebook tarafından gösterilen linki kullanın. "
            "Kodlar bir yıldan biraz uzun süre saklanır."
        ),
        # A login that ended with a connection.
        "connected.title": "Bağlandınız",
        "connected.text": "WhatsApp Business hesabınız bağlandı.",
        "connected.renewal": (
            "Bağlantı kendiliğinden yenilenemezse, sona ermeden önce sizden yeniden bağlanmanız istenir."
        ),
        "connected.close": "Yapmanız gereken başka bir şey yok. Bu sayfayı kapatabilirsiniz.",
        "connected.never": "Süresi dolmaz",
        "accounts-unknown.title": "Giriş yaptınız",
        "accounts-unknown.text": (
            "Girişiniz kaydedildi ancak Facebook henüz WhatsApp Business hesabınızı bize göstermiyor. Otomatik olarak "
            "yeniden soracağız."
        ),
        "accounts-unknown.choose": "Facebook üzerinde bir hesap seçmediyseniz şimdi seçebilirsiniz.",
        "accounts-unknown.ask": (
            "Facebook üzerinde bir hesap seçmediyseniz linki size gönderenlerden yeni bir link isteyin."
        ),
        # The ends of a login without a connection: a title and a text for each text key in outcomes.OUTCOMES.
        "request-incomplete.title": "Lütfen yeniden başlayın",
        "request-incomplete.text": (
            "Bu adres eksik olduğu için hangi girişe ait olduğunu anlayamıyoruz. Hiçbir şey değiştirilmedi."
        ),
        "state-refused.title": "Lütfen yeniden başlayın",
        "state-refused.text": (
            "Bu giriş çok eski, daha önce kullanılmış veya başka bir tarayıcıda başlatılmış. Hiçbir şey "
            "değiştirilmedi. Yeniden başlamak bir dakika sürer."
        ),
        "state-expired.title": "Bu çok uzun sürdü",
        "state-expired.text": (
            "Siz geri dönmeden önce bu girişin süresi doldu, bu yüzden hiçbir şey bağlanmadı. Facebook üzerinde "
            "yaptığınız ayarlar orada kaydedilmiş olabilir. Yeniden başlamak kısa sürer."
        ),
        "cookie-missing.title": "Lütfen bu tarayıcıda yeniden başlayın",
        "cookie-missing.text": (
            "Giriş başka bir yerde, belki de başka bir uygulamanın içinde başlatıldı veya bu tarayıcı çerezleri "
            "saklamıyor. Hiçbir şey değiştirilmedi. Burada yeniden başlayın ve işlem bitene kadar bu tarayıcıda kalın."
        ),
        "login-interrupted.title": "Emin olmak için lütfen yeniden başlayın",
        "login-interrupted.text": (
            "Bu giriş yarıda kesildi ve bağlantının kurulup kurulmadığını bilemiyoruz. Yeniden başlamak güvenlidir ve "
            "bir dakika sürer."
        ),
        "link-required.title": "Size özel bir link gerekiyor",
        "link-required.text": "Lütfen bağlanmanız için size gönderilen linki açın veya bir link isteyin.",
        "link-refused.title": "Bu link artık çalışmıyor",
        "link-refused.text": (
            "Linkin süresi dolmuş, link iptal edilmiş ya da eksik. Hiçbir şey değiştirilmedi. Lütfen linki size "
            "gönderenlerden yeni bir link isteyin."
        ),
        "link-used.title": "Bu link daha önce kullanıldı",
        "link-used.text": (
            "Linki siz kullandıysanız yapmanız gereken başka bir şey yok ve bu sayfayı kapatabilirsiniz. Siz "
            "kullanmadıysanız linki size gönderenlerden yeni bir link isteyin."
        ),
        "declined.title": "Bağlantı kurulmadı",
        "declined.text": (
            "Devam etmemeyi seçtiniz, bu yüzden hiçbir şey bağlanmadı ve hiçbir şey değiştirilmedi. Aslında Facebook "
            "üzerinde onay verdiyseniz bu hizmet hesabınıza henüz açık olmayabilir. Sizi buraya yönlendirenlere sorun."
        ),
        "permission-missing.title": "Bir izin eksik",
        "permission-missing.text": (
            "WhatsApp Business hesabınızla çalışabilmemiz için Facebook listesindeki bütün izinler gerekli. En az bir "
            "izin verilmedi, bu yüzden hiçbir şey bağlanmadı. Bu izni şimdi verebilirsiniz."
        ),
        "no-account.title": "WhatsApp hesabı seçilmedi",
        "no-account.text": (
            "Giriş yaptınız ancak Facebook, bir WhatsApp Business hesabı paylaşmadığınızı bildiriyor, bu yüzden hiçbir "
            "şey bağlanmadı ve hiçbir şey değiştirilmedi. Şimdi bir hesap seçebilirsiniz. Hesabınız yoksa önce "
            "Facebook üzerinde bir hesap oluşturun."
        ),
        "connection-taken.title": "Lütfen başka bir hesap kullanın",
        "connection-taken.text": (
            "Bu link daha önce, farklı bir Facebook hesabıyla giriş yapan biri tarafından kullanıldı. Hiçbir şey "
            "değiştirilmedi. O hesapla giriş yapın veya yeni bir link isteyin."
        ),
        "not-yours.title": "Lütfen başka bir hesap kullanın",
        "not-yours.text": (
            "Kullandığınız Facebook hesabıyla bu adreste yeniden bağlanabilecek bir şey yok. Hiçbir şey "
            "değiştirilmedi. Daha önce bağlantı kuran hesapla giriş yapın veya adresi size gönderenlere sorun."
        ),
        "signup-failed.title": "Facebook bir hata bildirdi",
        "signup-failed.text": (
            "Facebook kaydı bir hatayla sonlandırdı, bu yüzden hiçbir şey bağlanmadı. Lütfen tekrar deneyin. Bu iki "
            "kez olursa aşağıdaki referansı bize, oturum kimliğini de Facebook desteğine bildirin."
        ),
        "signup-unanswered.title": "Bir adım daha",
        "signup-unanswered.text": (
            "Facebook, kaydı bu hizmete aktarmadı. Facebook üzerinde yaptığınız ayarlar orada kaydedilmiş olabilir. "
            "Bu pencerede Facebook ile devam edin ve aynı işletmeyi ve aynı WhatsApp hesabını seçin."
        ),
        "code-refused.title": "Lütfen yeniden başlayın",
        "code-refused.text": (
            "Facebook bu girişi artık kabul etmiyor. Hiçbir şey değiştirilmedi. Yeniden başlamak bir dakika sürer."
        ),
        "token-refused.title": "Facebook yanıtı kullanılamıyor",
        "token-refused.text": (
            "Facebook hesabınıza giriş yaptınız ancak bize verilen erişim kullanılamıyor, bu yüzden hiçbir şey "
            "bağlanmadı. Lütfen tekrar deneyin. Bu iki kez olursa aşağıdaki referansı bize bildirin."
        ),
        "facebook-refused.title": "Facebook bu işlemi tamamlayamadı",
        "facebook-refused.text": (
            "Facebook, kullanamadığımız bir yanıt verdi. Hiçbir şey değiştirilmedi. Lütfen birkaç dakika sonra tekrar "
            "deneyin. Bu iki kez olursa aşağıdaki referansı bize bildirin."
        ),
        "facebook-unavailable.title": "Facebook yanıt vermiyor",
        "facebook-unavailable.text": (
            "Facebook şu anda yoğun veya kullanılamıyor. Hiçbir şey değiştirilmedi. Lütfen birkaç dakika sonra tekrar "
            "deneyin."
        ),
        "setup-wrong.title": "Bu bizim hatamız",
        "setup-wrong.text": (
            "Facebook bağlantımız doğru ayarlanmamış, bu yüzden hiçbir şey değiştirilmedi. Lütfen aşağıdaki referansı "
            "bize bildirin. Biz bunu düzeltene kadar tekrar denemek işe yaramaz."
        ),
        "paused.title": "Bağlanma duraklatıldı",
        "paused.text": (
            "Şu anda kimse bağlanamıyor. Hiçbir şey değiştirilmedi ve mevcut bağlantılar çalışmaya devam ediyor. Lütfen "
            "daha sonra tekrar deneyin."
        ),
        "busy.title": "Lütfen biraz bekleyin",
        "busy.text": (
            "Şu anda çok fazla kişi bağlanıyor. Hiçbir şey kaybolmadı. Lütfen bir dakika sonra tekrar deneyin."
        ),
        "token-not-stored.title": "Lütfen yeniden başlayın",
        "token-not-stored.text": (
            "Şu anda çok yoğunuz ve bağlantıyı kaydedemedik. Hiçbir şey değiştirilmedi ve varsa önceki bağlantınız "
            "çalışmaya devam eder. Lütfen bir dakika sonra tekrar deneyin."
        ),
        "unexpected.title": "Bu bizim hatamız",
        "unexpected.text": (
            "Beklemediğimiz bir sorun oluştu. Varsa önceki bağlantınız çalışmaya devam eder. Lütfen tekrar deneyin. Bu "
            "iki kez olursa aşağıdaki referansı bize bildirin."
        ),
        # What to do next.
        "again.link": "Yeniden başlamak için size gönderilen linki bir kez daha açın.",
        "button.connect": "Yeniden başla",
        "button.redirect": "Facebook üzerinde devam et",
        "button.rerequest": "Bana yeniden sor",
        "button.choose": "Hesap seç",
        "button.other-account": "Başka bir hesap kullan",
        "button.reload": "Tekrar dene",
        "button.reconnect": "Yeniden bağlan",
        "button.return": "Hizmete geri dön",
    },
)
