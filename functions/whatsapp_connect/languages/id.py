"""Indonesian.

Written by the project. Reviewed by a native speaker: no. Translated back by a second reader: yes.
"""

from whatsapp_connect.languages.language import Language

LANGUAGE = Language(
    tag="id",
    direction="ltr",
    date="{day} {month} {year}",
    months=(
        "Januari",
        "Februari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
        "November",
        "Desember",
    ),
    texts={
        # The page before a login.
        "start.title": "Hubungkan akun WhatsApp Business Anda",
        "start.text": (
            "Layanan ini meminta Anda menghubungkan akun WhatsApp Business Anda agar layanan ini dapat mengirim dan "
            "menerima pesan untuk Anda."
        ),
        "start.need": (
            "Anda memerlukan akun Facebook yang Anda pakai untuk mengelola bisnis Anda. Di halaman berikutnya, "
            "Facebook akan meminta Anda login dan memilih apa yang ingin dibagikan. Prosesnya memerlukan waktu sekitar "
            "satu menit."
        ),
        "start.button": "Lanjutkan ke Facebook",
        "start.cookies": (
            "Browser Anda tidak mengirim cookie halaman ini. Izinkan cookie, atau buka halaman ini di browser lain. "
            "Kemudian, coba lagi."
        ),
        "reconnect.title": "Hubungkan lagi WhatsApp",
        "reconnect.text": (
            "Koneksi ke akun WhatsApp Business Anda memerlukan login baru. Gunakan akun Facebook yang sama seperti "
            "sebelumnya."
        ),
        # The page before Embedded Signup.
        "signup.need": (
            "Anda memerlukan akun Facebook yang Anda gunakan untuk mengelola bisnis Anda. Facebook meminta Anda "
            "masuk, lalu memilih atau menambahkan bisnis Anda, akun WhatsApp-nya, dan nomor teleponnya. Ini "
            "memerlukan beberapa menit."
        ),
        "signup.phone": (
            "Untuk tetap memakai nomor di aplikasi WhatsApp Business, siapkan ponsel dengan aplikasi tersebut."
        ),
        "signup.open": (
            "Facebook terbuka di jendela lain. Selesaikan di sana: setelah itu halaman ini berlanjut sendiri. "
            "Jika Anda tidak melihat jendela itu, tekan tombol sekali lagi."
        ),
        # Facts: a term, followed by its value.
        "fact.label": "Untuk",
        "fact.numbers": "Terhubung",
        "fact.more-numbers": "Nomor telepon lainnya",
        "fact.more-accounts": "Akun lainnya",
        "fact.session": "ID sesi Facebook",
        "fact.until": "Berlaku hingga",
        "fact.completed": "Selesai pada",
        # At the end of a page.
        "foot.support": "Bantuan",
        "foot.privacy": "Kebijakan privasi",
        "foot.terms": "Ketentuan penggunaan",
        "foot.reference": "Referensi: {reference}",
        "foot.languages": "Bahasa",
        # The other pages that are not an end of a login.
        "home.text": "Layanan ini menghubungkan akun WhatsApp Business ke aplikasi yang menggunakannya.",
        "home.link": "Untuk menghubungkan akun Anda, buka tautan yang Anda terima.",
        "home.button": "Hubungkan akun",
        "not-found.title": "Halaman ini tidak ada",
        "not-found.text": (
            "Harap periksa alamatnya. Jika Anda menerima tautan, buka lagi tautan itu dari pesan yang Anda terima."
        ),
        "finishing.title": "Hampir selesai",
        "finishing.text": "Koneksi Anda sedang diselesaikan. Silakan periksa lagi dalam beberapa detik.",
        "finishing.button": "Periksa sekarang",
        "deletion.title": "Data Anda telah dihapus",
        "deletion.text": (
            "Anda telah meminta agar data Anda dihapus. Semua yang disimpan layanan ini terkait akun Facebook Anda "
            "sendiri, seperti koneksi ke WhatsApp, telah dihapus."
        ),
        "deletion.business": (
            "Koneksi milik suatu bisnis tidak termasuk dalam permintaan ini. Agar koneksi itu dihapus, sampaikan "
            "permintaan ke layanan yang terhubung dengan bisnis tersebut."
        ),
        "deletion.unknown.title": "Kami tidak mengenali kode ini",
        "deletion.unknown.text": (
            "Harap periksa alamatnya, atau gunakan tautan yang ditampilkan Facebook di samping permintaan penghapusan "
            "Anda. Kode disimpan selama sedikit lebih dari satu tahun."
        ),
        # A login that ended with a connection.
        "connected.title": "Anda sudah terhubung",
        "connected.text": "Akun WhatsApp Business Anda sudah terhubung.",
        "connected.renewal": (
            "Jika koneksi tidak dapat diperpanjang secara otomatis, Anda akan diminta menghubungkan lagi sebelum "
            "koneksi berakhir."
        ),
        "connected.close": "Tidak ada lagi yang perlu dilakukan. Anda dapat menutup halaman ini.",
        "connected.never": "Tanpa batas waktu",
        "accounts-unknown.title": "Anda sudah login",
        "accounts-unknown.text": (
            "Login sudah disimpan, tetapi Facebook belum menampilkan akun WhatsApp Business Anda kepada kami. Kami "
            "akan menanyakannya lagi secara otomatis."
        ),
        "accounts-unknown.choose": "Jika Anda tidak memilih akun di Facebook, Anda dapat memilihnya sekarang.",
        "accounts-unknown.ask": (
            "Jika Anda tidak memilih akun di Facebook, minta tautan baru kepada pihak yang mengirimkan tautan kepada "
            "Anda."
        ),
        # The ends of a login without a connection: a title and a text for each text key in outcomes.OUTCOMES.
        "request-incomplete.title": "Silakan mulai lagi",
        "request-incomplete.text": (
            "Alamat ini tidak lengkap, jadi kami tidak dapat mengetahui login mana yang dimaksud. Tidak ada yang "
            "diubah."
        ),
        "state-refused.title": "Silakan mulai lagi",
        "state-refused.text": (
            "Login ini sudah sangat lama, sudah digunakan, atau dimulai di browser lain. Tidak ada yang diubah. "
            "Memulai lagi perlu waktu satu menit."
        ),
        "state-expired.title": "Prosesnya terlalu lama",
        "state-expired.text": (
            "Waktu untuk login ini habis sebelum Anda kembali, jadi tidak ada yang terhubung. Pengaturan yang Anda "
            "buat di Facebook mungkin tersimpan di sana. Memulai lagi hanya sebentar."
        ),
        "cookie-missing.title": "Silakan mulai lagi di browser ini",
        "cookie-missing.text": (
            "Login dimulai di tempat lain, mungkin di dalam aplikasi lain, atau browser ini tidak menyimpan cookie. "
            "Tidak ada yang diubah. Mulai lagi di sini, dan tetap di browser ini sampai selesai."
        ),
        "login-interrupted.title": "Silakan mulai lagi untuk memastikan",
        "login-interrupted.text": (
            "Login ini terputus, dan kami tidak dapat mengetahui apakah koneksi sudah dibuat. Memulai lagi itu aman "
            "dan perlu waktu satu menit."
        ),
        "link-required.title": "Anda memerlukan tautan sendiri",
        "link-required.text": "Silakan buka tautan koneksi yang Anda terima, atau minta tautan untuk Anda sendiri.",
        "link-refused.title": "Tautan ini tidak berfungsi lagi",
        "link-refused.text": (
            "Tautan ini sudah kedaluwarsa, sudah dicabut, atau tidak lengkap. Tidak ada yang diubah. Silakan minta "
            "tautan baru kepada pihak yang mengirimkannya kepada Anda."
        ),
        "link-used.title": "Tautan ini sudah digunakan",
        "link-used.text": (
            "Jika Anda sendiri yang menggunakannya, tidak ada lagi yang perlu dilakukan dan Anda dapat menutup halaman "
            "ini. Jika bukan, minta tautan baru kepada pihak yang mengirimkannya kepada Anda."
        ),
        "declined.title": "Tidak terhubung",
        "declined.text": (
            "Anda memilih untuk tidak melanjutkan, jadi tidak ada yang terhubung dan tidak ada yang diubah. Jika Anda "
            "sebenarnya sudah memberi persetujuan di Facebook, layanan ini mungkin belum tersedia untuk akun Anda. "
            "Tanyakan kepada pihak yang mengarahkan Anda ke sini."
        ),
        "permission-missing.title": "Ada satu izin yang kurang",
        "permission-missing.text": (
            "Untuk bekerja dengan akun WhatsApp Business Anda, kami memerlukan semua izin dalam daftar Facebook. "
            "Setidaknya satu izin tidak diberikan, jadi tidak ada yang terhubung. Anda dapat memberikannya sekarang."
        ),
        "no-account.title": "Tidak ada akun WhatsApp yang dipilih",
        "no-account.text": (
            "Anda sudah login, tetapi menurut Facebook Anda belum membagikan akun WhatsApp Business, jadi tidak ada "
            "yang terhubung dan tidak ada yang diubah. Anda dapat memilih akun sekarang. Jika Anda belum punya akun, "
            "buat dulu di Facebook."
        ),
        "connection-taken.title": "Silakan gunakan akun lain",
        "connection-taken.text": (
            "Tautan ini sebelumnya digunakan oleh seseorang yang login dengan akun Facebook lain. Tidak ada yang "
            "diubah. Login dengan akun itu, atau minta tautan baru."
        ),
        "not-yours.title": "Silakan gunakan akun lain",
        "not-yours.text": (
            "Untuk akun Facebook yang Anda gunakan, tidak ada yang dapat dihubungkan lagi di alamat ini. Tidak ada "
            "yang diubah. Login dengan akun yang sebelumnya dipakai untuk menghubungkan, atau tanyakan kepada pihak "
            "yang mengirimkan alamat ini kepada Anda."
        ),
        "signup-failed.title": "Facebook melaporkan kesalahan",
        "signup-failed.text": (
            "Facebook mengakhiri pendaftaran dengan kesalahan, jadi tidak ada yang terhubung. Silakan coba lagi. Jika "
            "ini terjadi dua kali, beri tahu kami referensi di bawah, dan sampaikan ID sesi kepada dukungan Facebook."
        ),
        "signup-unanswered.title": "Satu langkah lagi",
        "signup-unanswered.text": (
            "Facebook tidak meneruskan pendaftaran ke layanan ini. Yang sudah Anda siapkan di Facebook mungkin "
            "tersimpan di sana. Lanjutkan di Facebook pada jendela ini, lalu pilih bisnis dan akun WhatsApp yang "
            "sama."
        ),
        "code-refused.title": "Silakan mulai lagi",
        "code-refused.text": (
            "Facebook tidak lagi menerima login ini. Tidak ada yang diubah. Memulai lagi perlu waktu satu menit."
        ),
        "token-refused.title": "Jawaban Facebook tidak dapat digunakan",
        "token-refused.text": (
            "Login Anda di Facebook berhasil, tetapi akses yang diberikan kepada kami tidak dapat digunakan, jadi "
            "tidak ada yang terhubung. Silakan coba lagi. Jika ini terjadi dua kali, beri tahu kami referensi di bawah."
        ),
        "facebook-refused.title": "Facebook tidak dapat menyelesaikan ini",
        "facebook-refused.text": (
            "Facebook memberikan jawaban yang tidak dapat kami gunakan. Tidak ada yang diubah. Silakan coba lagi dalam "
            "beberapa menit. Jika ini terjadi dua kali, beri tahu kami referensi di bawah."
        ),
        "facebook-unavailable.title": "Facebook tidak merespons",
        "facebook-unavailable.text": (
            "Facebook sedang sibuk atau tidak tersedia saat ini. Tidak ada yang diubah. Silakan coba lagi dalam "
            "beberapa menit."
        ),
        "setup-wrong.title": "Ini kesalahan kami",
        "setup-wrong.text": (
            "Koneksi kami ke Facebook tidak diatur dengan benar, jadi tidak ada yang diubah. Harap beri tahu kami "
            "referensi di bawah. Mencoba lagi tidak akan membantu sampai kami memperbaikinya."
        ),
        "paused.title": "Penghubungan sedang dijeda",
        "paused.text": (
            "Saat ini tidak ada yang dapat menghubungkan akun. Tidak ada yang berubah, dan koneksi yang sudah ada tetap "
            "berfungsi. Silakan coba lagi nanti."
        ),
        "busy.title": "Mohon tunggu sebentar",
        "busy.text": (
            "Terlalu banyak orang sedang menghubungkan akun saat ini. Tidak ada yang hilang. Silakan coba lagi dalam "
            "satu menit."
        ),
        "token-not-stored.title": "Silakan mulai lagi",
        "token-not-stored.text": (
            "Kami sedang sangat sibuk dan tidak dapat menyimpan koneksi. Tidak ada yang diubah, dan jika ada koneksi "
            "sebelumnya, koneksi itu tetap berfungsi. Silakan coba lagi dalam satu menit."
        ),
        "unexpected.title": "Ini kesalahan kami",
        "unexpected.text": (
            "Terjadi kesalahan yang tidak kami duga. Jika ada koneksi sebelumnya, koneksi itu tetap berfungsi. Silakan "
            "coba lagi. Jika ini terjadi dua kali, beri tahu kami referensi di bawah."
        ),
        # What to do next.
        "again.link": "Untuk memulai lagi, buka sekali lagi tautan yang Anda terima.",
        "button.connect": "Mulai lagi",
        "button.redirect": "Lanjutkan ke Facebook",
        "button.rerequest": "Tanya saya lagi",
        "button.choose": "Pilih akun",
        "button.other-account": "Gunakan akun lain",
        "button.reload": "Coba lagi",
        "button.reconnect": "Hubungkan lagi",
        "button.return": "Kembali ke layanan",
    },
)
