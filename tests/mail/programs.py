# SPDX-License-Identifier: GPL-3.0-or-later
"""What mail programs write above the mail that they quote, in many languages.

``{a}`` is the address of whom the quoted mail is from, ``{t}`` whom it went to, ``{s}``
its subject.  All quote a mail of 2 February 2026, 10 o'clock.
"""

from __future__ import annotations


# Gmail, by language: the line is wrapped somewhere, and all below it has "> ".
GMAIL = {
    'ar': 'في الاثنين، ٢ فبراير ٢٠٢٦ في ١٠:٠٠ ص تمت كتابة ما يلي بواسطة <{a}>:',
    'bg': 'На пн, 2.02.2026 г. в 10:00 ч. <{a}> написа:',
    'ca': 'Missatge de <{a}> del dia dl., 2 de febr. 2026 a les 10:00:',
    'cs': 'po 2. 2. 2026 v 10:00 odesílatel <{a}> napsal:',
    'da': 'Den man. 2. feb. 2026 kl. 10.00 skrev <{a}>:',
    'de': 'Am Mo., 2. Feb. 2026 um 10:00 Uhr schrieb <{a}>:',
    'el': 'Στις Δευ 2 Φεβ 2026 στις 10:00 π.μ., ο χρήστης <{a}> έγραψε:',
    'en': 'On Mon, Feb 2, 2026 at 10:00 AM <{a}> wrote:',
    'es': 'El lun, 2 feb 2026 a las 10:00, <{a}> escribió:',
    'et': 'Kuupäev E, 2. veebruar 2026 kell 10:00 kirjutas <{a}>:',
    'fa': 'در تاریخ دوشنبه ۲ فوریهٔ ۲۰۲۶،‏ ۱۰:۰۰ <{a}> نوشت:',
    'fi': 'ma 2. helmik. 2026 klo 10.00 {a} (<{a}>) kirjoitti:',
    'fr': 'Le lun. 2 févr. 2026 à 10:00, <{a}> a écrit :',
    'he': '‫בתאריך יום ב׳, 2 בפבר׳ 2026 ב-10:00 מאת <‪{a}‬‏>:‬',
    'hi': 'सोम, 2 फ़र॰ 2026 को 10:00 am बजे को <{a}> ने लिखा:',
    'hr': 'pon, 2. velj 2026. u 10:00 <{a}> napisao je:',
    'hu': '<{a}> ezt írta (időpont: 2026. febr. 2., H, 10:00):',
    'id': 'Pada tanggal Sen, 2 Feb 2026 pukul 10.00 <{a}> menulis:',
    'it': 'Il giorno lun 2 feb 2026 alle ore 10:00 <{a}> ha scritto:',
    'ja': '2026年2月2日(月) 10:00 <{a}>:',
    'ko': '2026년 2월 2일 (월) 오전 10:00, <{a}>님이 작성:',
    'lt': '2026-02-02, pr, 10:00 <{a}> rašė:',
    'lv': 'pirmd., 2026. g. 2. febr., plkst. 10:00 — lietotājs (<{a}>) rakstīja:',
    'nb': 'man. 2. feb. 2026 kl. 10:00 skrev <{a}>:',
    'nl': 'Op ma 2 feb 2026 om 10:00 schreef <{a}>:',
    'pl': 'pon., 2 lut 2026 o 10:00 <{a}> napisał(a):',
    'pt': 'Em seg., 2 de fev. de 2026 às 10:00, <{a}> escreveu:',
    'ro': 'În lun., 2 feb. 2026 la 10:00, <{a}> a scris:',
    'ru': 'пн, 2 февр. 2026 г. в 10:00, <{a}>:',
    'sk': 'po 2. 2. 2026 o 10:00 <{a}> napísal(a):',
    'sl': 'V V pon., 2. feb. 2026 ob 10:00 je oseba <{a}> napisala:',
    'sr': 'пон, 2. феб 2026. у 10:00 <{a}> је написао/ла:',
    'sv': 'Den mån 2 feb. 2026 kl 10:00 skrev <{a}>:',
    'th': 'ในวันที่ จ. 2 ก.พ. 2026 เวลา 10:00 <{a}> เขียนว่า:',
    'tr': '<{a}>, 2 Şub 2026 Pzt, 10:00 tarihinde şunu yazdı:',
    'uk': 'пн, 2 лют. 2026 р. о 10:00 <{a}> пише:',
    'vi': 'Vào Th 2, 2 thg 2, 2026 vào lúc 10:00 <{a}> đã viết:',
    'zh': '<{a}> 于2026年2月2日周一 10:00写道：',
    'zh-tw': '<{a}> 於 2026年2月2日 週一 上午10:00寫道：',
}

# Outlook, by language: four fields above a mail without marks.
OUTLOOK = {
    'ar': ('من', 'تاريخ الإرسال', 'إلى', 'الموضوع', '02 فبراير, 2026 10:00 ص'),
    'bg': ('От', 'Изпратено', 'До', 'Относно', 'понеделник, 2 февруари 2026 г. 10:00'),
    'ca': ('De', 'Enviat', 'Per a', 'Tema', 'dilluns, 2 de febrer de 2026 10:00'),
    'cs': ('Od', 'Odesláno', 'Komu', 'Předmět', 'pondělí 2. února 2026 10:00'),
    'da': ('Fra', 'Sendt', 'Til', 'Emne', '2. februar 2026 10:00'),
    'de': ('Von', 'Gesendet', 'An', 'Betreff', 'Montag, 2. Februar 2026 10:00'),
    'el': ('Από', 'Στάλθηκε', 'Προς', 'Θέμα', 'Δευτέρα, 2 Φεβρουαρίου 2026 10:00'),
    'en': ('From', 'Sent', 'To', 'Subject', 'Monday, February 2, 2026 10:00 AM'),
    'es': ('De', 'Enviado el', 'Para', 'Asunto', 'lunes, 2 de febrero de 2026 10:00'),
    'et': ('Saatja', 'Saadetud', 'Adressaat', 'Teema', 'esmaspäev, 2. veebruar 2026'),
    'fi': ('Lähettäjä', 'Lähetetty', 'Vastaanottaja', 'Aihe', '2. helmikuuta 2026'),
    'fr': ('De ', 'Envoyé ', 'À ', 'Objet ', 'lundi 2 février 2026 10:00'),
    'he': ('מאת', 'נשלח', 'אל', 'נושא', 'יום שני 02 פברואר 2026 10:00'),
    'hi': ('प्रेषक', 'भेजा गया', 'प्रति', 'विषय', '02 फ़रवरी 2026 10:00'),
    'hr': ('Šalje', 'Poslano', 'Prima', 'Predmet', '2. veljače 2026. 10:00'),
    'hu': ('Feladó', 'Elküldve', 'Címzett', 'Tárgy', '2026. február 2., hétfő 10:00'),
    'id': ('Dari', 'Dikirim', 'Kepada', 'Subjek', 'Senin, 02 Februari 2026 10.00'),
    'it': ('Da', 'Inviato', 'A', 'Oggetto', 'lunedì 2 febbraio 2026 10:00'),
    'ja': ('差出人', '送信日時', '宛先', '件名', '2026年2月2日 10:00'),
    'ko': ('보낸 사람', '보낸 날짜', '받는 사람', '제목', '2026년 2월 2일 오전 10:00'),
    'lt': ('Nuo', 'Išsiųsta', 'Kam', 'Tema', '2026 m. vasario 2 d., pirmadienis 10:00'),
    'lv': ('No', 'Nosūtīts', 'Kam', 'Tēma', 'pirmdiena, 2026. gada 2. februāris 10:00'),
    'nb': ('Fra', 'Sendt', 'Til', 'Emne', 'mandag 2. februar 2026 10:00'),
    'nl': ('Van', 'Verzonden', 'Aan', 'Onderwerp', 'maandag 2 februari 2026 10:00'),
    'pl': ('Od', 'Wysłano', 'Do', 'Temat', 'poniedziałek, 2 lutego 2026 10:00'),
    'pt': ('De', 'Enviado', 'Para', 'Assunto', 'segunda-feira, 2 de fevereiro de 2026'),
    'ro': ('De la', 'Trimis', 'Către', 'Subiect', 'luni, 2 februarie 2026 10:00'),
    'ru': ('От', 'Отправлено', 'Кому', 'Тема', '2 февраля 2026 г. 10:00'),
    'sk': ('Od', 'Odoslané', 'Komu', 'Predmet', 'pondelok 2. februára 2026 10:00'),
    'sl': ('Od', 'Poslano', 'Za', 'Zadeva', 'ponedeljek, 02. februar 2026 10:00'),
    'sr': ('Šalje', 'Poslato', 'Prima', 'Naslov', 'ponedeljak, 2. februar 2026. 10:00'),
    'sv': ('Från', 'Skickat', 'Till', 'Ämne', 'den 2 februari 2026 10:00'),
    'th': ('จาก', 'ส่งเมื่อ', 'ถึง', 'เรื่อง', 'วันจันทร์ที่ 2 กุมภาพันธ์ 2026 10:00'),
    'tr': ('Kimden', 'Gönderildi', 'Kime', 'Konu', '2 Şubat 2026 Pazartesi 10:00'),
    'uk': ('Від', 'Надіслано', 'Кому', 'Тема', '2 лютого 2026 р. 10:00'),
    'vi': ('Từ', 'Đã gửi', 'Đến', 'Chủ đề', '02 Tháng Hai 2026 10:00 SA'),
    'zh': ('发件人', '发送时间', '收件人', '主题', '2026年2月2日 10:00'),
    'zh-tw': ('寄件者', '寄件日期', '收件者', '主旨', '2026年2月2日 上午 10:00'),
}

# Programs that quote with marks, and what they write above.
MARKED = {
    'Apple Mail': '> On Feb 2, 2026, at 10:00 AM, {a} wrote:\n> ',
    'Apple Mail, German': '> Am 02.02.2026 um 10:00 schrieb {a}:\n> ',
    'Apple Mail, Japanese': '> 2026/02/02 10:00、{a}のメール:\n> ',
    'Apple Mail, Swedish': '> 2 feb. 2026 kl. 10:00 skrev {a}:\n> ',
    'Thunderbird': 'On 02/02/2026 10:00, {a} wrote:',
    'Thunderbird, German': 'Am 02.02.26 um 10:00 schrieb {a}:',
    'Thunderbird, French': 'Le 02/02/2026 à 10:00, {a} a écrit\xa0:',
    'Thunderbird, Polish': 'W dniu 2.02.2026 o 10:00, {a} pisze:',
    'Thunderbird, Russian': '02.02.2026 10:00, {a} пишет:',
    'Thunderbird, Finnish': '{a} kirjoitti 2.2.2026 klo 10.00:',
    'Thunderbird, Basque': '2026/02/02 10:00(e)an, {a} igorleak idatzi zuen:',
    'Thunderbird, name alone': 'The ants wrote on 02/02/2026 10:00:',
    'K-9': 'Am 2. Februar 2026 10:00:00 MEZ schrieb {a}:',
    'FairEmail': 'February 2, 2026 10:00:00 AM UTC {a}:',
    'mutt': 'On Mon, Feb 02, 2026 at 10:00:00AM +0000, {a} wrote:',
    'mutt, name alone': 'On Mon, Feb 02, 2026 at 10:00:00AM +0000, The ants wrote:',
    'Alpine': 'On Mon, 2 Feb 2026, {a} wrote:\n',
    'Gnus': '{a} writes:\n',
    'Evolution': 'On Mon, 2026-02-02 at 10:00 +0000, {a} wrote:',
    'KMail': 'On Monday, 2 February 2026 10:00:00 CET {a} wrote:',
    'KMail, German': 'Am Montag, 2. Februar 2026, 10:00:00 CET schrieb {a}:',
    'Claws Mail': 'On Mon, 2 Feb 2026 10:00:00 +0100\n{a} wrote:\n',
    'Roundcube': 'On 2026-02-02 10:00, {a} wrote:',
    'Roundcube, Czech': 'Dne 2026-02-02 10:00, {a} napsal:',
    'SquirrelMail': '> On Mon, February 2, 2026 10:00 am, {a} wrote:',
    'Proton Mail': 'On Monday, February 2nd, 2026 at 10:00, {a} <{a}> wrote:\n',
    'Spark': 'On 2 Feb 2026, 10:00 +0100, {a}, wrote:',
    'Mailspring': 'On Feb 2 2026, at 10:00 am, {a} wrote:',
    'Yandex': '02.02.2026, 10:00, "{a}" <{a}>:',
    'Mail.ru': 'Понедельник, 2 февраля 2026, 10:00 +03:00 от {a}:',
    'Netease': 'At 2026-02-02 10:00:00, "{a}" <{a}> wrote:',
    'Netease, Chinese': '在 2026-02-02 10:00:00，"{a}" <{a}> 写道：',
    'Tutanota': '2. Feb. 2026, 10:00 von {a}:\n',
    'HEY': 'On February 2, 2026, {a} wrote:',
    'GMX': (
        'Gesendet: Montag, 2. Februar 2026 um 10:00\nVon: {a}\nAn: {t}\nBetreff: {s}'
    ),
    'Outlook that marks': 'From: {a}\nSent: 2 Feb 2026 10:00\nTo: {t}\nSubject: {s}\n',
}

# Programs that quote without marks.
UNMARKED = {
    'Outlook of old': (
        '-----Original Message-----\nFrom: {a} [mailto:{a}]\n'
        'Sent: Monday, February 2, 2026 10:00 AM\nTo: {t}\nSubject: {s}\n'
    ),
    'Outlook for iOS': (
        'Get Outlook for iOS<https://aka.ms/o0ukef>\n'
        '________________________________\n'
        'From: {a} <{a}>\nSent: Monday, February 2, 2026 10:00:00 AM\n'
        'To: {t} <{t}>\nSubject: {s}\n'
    ),
    'Outlook for Android, German': (
        'Outlook für Android beziehen<https://aka.ms/AAb9ysg>\n'
        '________________________________\n'
        'Von: {a} <{a}>\nGesendet: Montag, 2. Februar 2026 10:00:00\n'
        'An: {t} <{t}>\nBetreff: {s}\n'
    ),
    'Outlook for Mac': (
        'From: {a} <{a}>\nDate: Monday, 2. February 2026 at 10:00\n'
        'To: {t} <{t}>\nSubject: {s}'
    ),
    'Samsung': (
        '-------- Original message --------\nFrom: {a}\n'
        'Date: 2/2/26 10:00 (GMT+01:00)\nTo: {t}\nSubject: {s}\n'
    ),
    'Samsung, Italian': (
        '-------- Messaggio originale --------\nDa: {a}\n'
        'Data: 02/02/26 10:00 (GMT+01:00)\nA: {t}\nOggetto: {s}\n'
    ),
    'Zimbra, French': (
        '----- Mail original -----\nDe: "{a}" <{a}>\nÀ: "{t}" <{t}>\n'
        'Envoyé: Lundi 2 Février 2026 10:00:00\nObjet: {s}\n'
    ),
    'Notes': (
        '-----{a} wrote: -----\nTo: {t}\nFrom: {a}\nDate: 02/02/2026 10:00AM\n'
        'Subject: {s}\n'
    ),
    'Notes, German': (
        'Von:    {a}\nAn:     {t}\nDatum:  02.02.2026 10:00\nBetreff:        {s}\n'
    ),
    'QQ': (
        '------------------ 原始邮件 ------------------\n'
        '发件人: "{a}" <{a}>;\n发送时间: 2026年2月2日(星期一) 上午10:00\n'
        '收件人: "{t}"<{t}>;\n主题: {s}\n'
    ),
    'Naver': (
        '-----Original Message-----\nFrom: <{a}>\nTo: <{t}>;\nCc:\n'
        'Sent: 2026-02-02 (월) 10:00:00 (UTC+09:00)\nSubject: {s}\n'
    ),
    'eM Client': (
        '------ Original Message ------\nFrom {a}\nTo {t}\n'
        'Date 2/2/2026 10:00:00 AM\nSubject {s}\n'
    ),
    'eM Client of old, Czech': (
        '------ Původní zpráva ------\nOd: {a}\nKomu: {t}\n'
        'Odesláno: 02.02.2026 10:00:00\nPředmět: {s}\n'
    ),
    'Yahoo': 'On Monday, February 2, 2026 at 10:00:00 AM GMT+1, {a} <{a}> wrote:\n\n',
    'Yahoo, Spanish': (
        'El lunes, 2 de febrero de 2026, 10:00:00 CET, {a} <{a}> escribió:\n\n'
    ),
    'Windows Mail': (
        'From: {a}\nSent: Monday, 2 February 2026 10:00\nTo: {t}\nSubject: {s}'
    ),
    'Gmail, passed on': (
        '---------- Forwarded message ---------\nFrom: <{a}>\n'
        'Date: Mon, Feb 2, 2026 at 10:00 AM\nSubject: {s}\nTo: <{t}>\n\n'
    ),
    'Thunderbird, passed on': (
        '-------- Forwarded Message --------\nSubject: \t{s}\n'
        'Date: \tMon, 02 Feb 2026 10:00:00 +0000\nFrom: \t{a}\nTo: \t{t}\n\n'
    ),
}

# What telephones and programs on them write below the words.
DEVICES = (
    'Sent from my iPhone', 'Von meinem iPhone gesendet', 'Envoyé de mon iPhone',
    'Enviado desde mi iPhone', 'Inviato da iPhone', 'Verstuurd vanaf mijn iPhone',
    'Skickat från min iPhone', 'Sendt fra min iPhone', 'Lähetetty iPhonesta',
    'Enviado do meu iPhone', 'Wysłane z iPhone’a', 'Odesláno z iPhonu',
    'Odoslané z môjho iPhonu', 'Elküldve az iPhone-omról', 'Trimis de pe iPhone-ul meu',
    'Изпратено от моя iPhone', 'Отправлено с iPhone', 'Надіслано з iPhone',
    'Στάλθηκε από το iPhone μου', 'iPhone’umdan gönderildi', 'أُرسلت من الـ iPhone',
    'נשלח מה-iPhone שלי', 'iPhoneから送信', '从我的 iPhone 发送',
    '나의 iPhone에서 보냄', 'Đã gửi từ iPhone của tôi', 'ส่งจาก iPhone ของฉัน',
    'Dikirim dari iPhone saya',
    'Poslano s mog iPhonea', 'Enviat des del meu iPhone', 'मेरे iPhone से भेजा गया',
    'Get Outlook for iOS<https://aka.ms/o0ukef>',
    'Outlook für Android beziehen<https://aka.ms/AAb9ysg>',
    'Télécharger Outlook pour iOS<https://aka.ms/o0ukef>',
    'Obtener Outlook para Android<https://aka.ms/AAb9ysg>',
    'Von meinem Samsung Galaxy Smartphone gesendet.',
    'Sent from Yahoo Mail on Android', 'Sent with Proton Mail secure email.',
)
