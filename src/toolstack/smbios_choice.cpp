// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/smbios_choice.hpp"

#include "base/fd.hpp"
#include "base/whole.hpp"
#include "config/smbios_key.hpp"
#include "firmware/smbios_texts.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

#include <fmt/ranges.h>

namespace windsor::toolstack {

namespace fs = std::filesystem;

namespace {

using firmware::SmbiosTexts;
using firmware::SmbiosWord;

struct OfHost {
    SmbiosTexts texts;               // of the words that the host shows
    std::vector<std::string> hidden; // words whose files only others may read
};

// Makers write what they like: blanks at the ends, or bytes that are no ASCII.
std::string plain(std::string text)
{
    std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
    const std::size_t first = std::min(text.find_first_not_of(' '), text.size());
    const std::size_t end = text.find_last_not_of(' ') + 1; // 0 if there is nothing else
    return end <= first ? std::string{} : text.substr(first, end - first);
}

OfHost read_host(const fs::path& folder)
{
    OfHost host;
    for (const SmbiosWord& word : firmware::smbios_words()) {
        if (word.host_file.empty()) {
            continue;
        }
        const base::Fd file{::open((folder / word.host_file).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
        if (!file) {
            if (errno == EACCES || errno == EPERM) {
                host.hidden.emplace_back(word.word);
            }
            continue;
        }
        std::string text = base::read_whole(file.get(), firmware::kLongestSmbiosText);
        text.erase(std::min(text.find('\n'), text.size()));
        host.texts[word.text] = plain(std::move(text));
    }
    return host;
}

bool shows_anything(const SmbiosTexts& texts)
{
    return std::ranges::any_of(texts.texts, [](const auto& text) { return text.has_value(); });
}

// Without what follows from another UUID than the domain's.
SmbiosTexts texts_of(const domain::Identity& known, const std::string& uuid)
{
    SmbiosTexts texts = known.smbios;
    for (const SmbiosWord& word : firmware::smbios_words()) {
        if (known.uuid != uuid && firmware::follows_from_uuid(word.text)) {
            texts[word.text].reset();
        }
    }
    return texts;
}

std::vector<std::string> names(const std::vector<std::string>& words, const SmbiosTexts& said)
{
    std::vector<std::string> open;
    for (const SmbiosWord& word : firmware::smbios_words()) {
        if (!said[word.text] && std::ranges::find(words, word.word) != words.end()) {
            open.emplace_back(word.word);
        }
    }
    return open;
}

// The words by which the host is another now, of those that the guest has from it.
std::vector<std::string> changed(const SmbiosTexts& said, const SmbiosTexts& known, const SmbiosTexts& host)
{
    std::vector<std::string> words;
    for (const SmbiosWord& word : firmware::smbios_words()) {
        if (!said[word.text] && host[word.text] && known[word.text] && *host[word.text] != *known[word.text]) {
            words.emplace_back(word.word);
        }
    }
    return words;
}

base::Status take_host_texts(SmbiosTexts& texts, const OfHost& host, const fs::path& folder,
                             std::vector<std::string>& warnings)
{
    if (!shows_anything(host.texts)) {
        return base::fail(
            "smbios asks for the host's own texts, and {} has none that may be read; take 'host' out of it, "
            "or say the texts themselves",
            folder.string());
    }
    if (const auto open = names(host.hidden, texts); !open.empty()) {
        warnings.push_back(
            fmt::format("smbios asks for the host's own texts, of which only root may read {}: the guest "
                        "is told Windsor's for them; say them in smbios, or start it as root with "
                        "--accept-hardware-change",
                        fmt::join(open, ", ")));
    }
    texts.fill_in(host.texts);
    return {};
}

} // namespace

base::Status choose_smbios(config::DomainConfig& config, const std::optional<domain::Identity>& known, HostTexts host,
                           const fs::path& host_texts, std::vector<std::string>& warnings)
{
    SmbiosTexts texts = WINDSOR_TRY(firmware::parse_smbios_texts(config::own_texts(config)));
    const SmbiosTexts before = known ? texts_of(*known, config.uuid) : SmbiosTexts{};
    if (config::wants_host_texts(config)) {
        const OfHost now = read_host(host_texts);
        const bool kept = known && known->smbios_source == domain::SmbiosSource::Host && host == HostTexts::Kept;
        if (!kept) {
            if (const auto taken = take_host_texts(texts, now, host_texts, warnings); !taken) {
                return std::unexpected{config::at_key(config, "smbios", taken.error())};
            }
        } else if (const auto words = changed(texts, before, now.texts); !words.empty()) {
            warnings.push_back(fmt::format("the host's own SMBIOS texts are others than at the first start of '{}', "
                                           "whose guest goes on finding those: {}; --accept-hardware-change gives it "
                                           "the host's of now",
                                           config.name, fmt::join(words, ", ")));
        }
    }
    texts.fill_in(before);
    texts.fill_in(firmware::default_smbios_texts(domain::parse_uuid(config.uuid)));
    config.smbios_texts = firmware::print_smbios_texts(texts);
    return {};
}

} // namespace windsor::toolstack
