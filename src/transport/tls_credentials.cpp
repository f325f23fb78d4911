// SPDX-License-Identifier: GPL-2.0-or-later
#include "transport/tls.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace windsor::transport {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLongestFile = 1u << 20;

struct FileNames {
    std::string_view certificate;
    std::string_view key;
};

FileNames names_of(TlsRole role)
{
    return role == TlsRole::Source ? FileNames{"client-cert.pem", "client-key.pem"}
                                   : FileNames{"server-cert.pem", "server-key.pem"};
}

// The contents of a file, which do not stay in memory.
class Secret {
public:
    explicit Secret(std::string text) : text_{std::move(text)} {}
    Secret(Secret&& other) noexcept : text_{std::exchange(other.text_, {})} {}
    Secret& operator=(Secret&&) = delete;
    ~Secret() { ::gnutls_memset(text_.data(), 0, text_.size()); }

    gnutls_datum_t datum()
    {
        return {.data = static_cast<unsigned char*>(static_cast<void*>(text_.data())),
                .size = static_cast<unsigned>(text_.size())};
    }

private:
    std::string text_;
};

enum class Readable : std::uint8_t { ByAll, NotByOthers };

base::Result<Secret> read_file(const fs::path& path, Readable readable)
{
    const base::Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (!file) {
        return base::fail("cannot open {}, which TLS needs: {}", path.string(), base::errno_text(errno));
    }
    struct stat about{}; // NOLINT: the function has the same name
    if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) {
        return base::fail("{} is no regular file", path.string());
    }
    if (readable == Readable::NotByOthers && (about.st_mode & S_IRWXO) != 0) {
        return base::fail("{} is a private key that every user can reach; make it safe with 'chmod o= {}'",
                          path.string(), path.string());
    }
    std::string text(kLongestFile, '\0');
    std::size_t size = 0;
    for (ssize_t count = 1; count > 0 && size < text.size(); size += static_cast<std::size_t>(count)) {
        count = ::read(file.get(), text.data() + size, text.size() - size);
        if (count < 0) {
            return base::fail("cannot read {}: {}", path.string(), base::errno_text(errno));
        }
    }
    if (size == text.size()) {
        return base::fail("{} is longer than certificates and keys are", path.string());
    }
    text.resize(size);
    return Secret{std::move(text)};
}

base::Status load_authority(gnutls_certificate_credentials_t into, const fs::path& directory)
{
    const fs::path path = directory / "ca-cert.pem";
    Secret text = WINDSOR_TRY(read_file(path, Readable::ByAll));
    const gnutls_datum_t datum = text.datum();
    const int count = ::gnutls_certificate_set_x509_trust_mem(into, &datum, GNUTLS_X509_FMT_PEM);
    if (count <= 0) {
        return base::fail("{} holds no certificate of an authority{}{}", path.string(), count < 0 ? ": " : "",
                          count < 0 ? ::gnutls_strerror(count) : "");
    }
    return {};
}

base::Status load_revoked(gnutls_certificate_credentials_t into, const fs::path& directory)
{
    const fs::path path = directory / "ca-crl.pem";
    if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
        return {};
    }
    Secret text = WINDSOR_TRY(read_file(path, Readable::ByAll));
    const gnutls_datum_t datum = text.datum();
    const int count = ::gnutls_certificate_set_x509_crl_mem(into, &datum, GNUTLS_X509_FMT_PEM);
    if (count <= 0) {
        return base::fail("{} is no list of revoked certificates", path.string());
    }
    return {};
}

base::Status load_own(gnutls_certificate_credentials_t into, const fs::path& directory, const FileNames& names)
{
    const fs::path certificate = directory / names.certificate;
    const fs::path key = directory / names.key;
    Secret certificate_text = WINDSOR_TRY(read_file(certificate, Readable::ByAll));
    Secret key_text = WINDSOR_TRY(read_file(key, Readable::NotByOthers));
    const gnutls_datum_t certificate_datum = certificate_text.datum();
    const gnutls_datum_t key_datum = key_text.datum();
    const int error = ::gnutls_certificate_set_x509_key_mem(into, &certificate_datum, &key_datum, GNUTLS_X509_FMT_PEM);
    if (error < 0) {
        return base::fail("{} and {} are no certificate with its key: {}", certificate.string(),
                          key.filename().string(), ::gnutls_strerror(error));
    }
    return {};
}

} // namespace

base::Result<TlsCredentials> TlsCredentials::load(const fs::path& directory, TlsRole role)
{
    gnutls_certificate_credentials_t made = nullptr;
    if (const int error = ::gnutls_certificate_allocate_credentials(&made); error < 0) {
        return base::fail("cannot have TLS: {}", ::gnutls_strerror(error));
    }
    Handle handle{made};
    WINDSOR_TRY(load_authority(made, directory));
    WINDSOR_TRY(load_revoked(made, directory));
    WINDSOR_TRY(load_own(made, directory, names_of(role)));
    return TlsCredentials{std::move(handle), role};
}

} // namespace windsor::transport
