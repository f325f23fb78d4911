// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/arguments.hpp"

#include <algorithm>
#include <cstring>

namespace windsor::toolstack {

namespace {

bool takes(const Option& option, Option::For dialect)
{
    return option.dialect == Option::For::All || dialect == Option::For::All || option.dialect == dialect;
}

bool is_negative_number(std::string_view word)
{
    return word.size() > 1 && word[0] == '-' && word[1] >= '0' && word[1] <= '9';
}

// Reads the words one by one into options and operands.
class Parser {
public:
    Parser(std::span<const std::string> words, std::span<const Option> options, Option::For dialect)
        : words_{words}, options_{options}, dialect_{dialect}
    {
    }

    base::Status run(std::map<std::string, std::string>& into, std::vector<std::string>& operands)
    {
        for (; at_ < words_.size(); ++at_) {
            const std::string& word = words_[at_];
            if (word == "--") {
                operands.insert(operands.end(), words_.begin() + static_cast<std::ptrdiff_t>(at_) + 1, words_.end());
                return {};
            }
            if (word.starts_with("--")) {
                WINDSOR_TRY(long_option(word.substr(2), into));
            } else if (word.size() > 1 && word[0] == '-' && !is_negative_number(word)) {
                WINDSOR_TRY(cluster(word.substr(1), into));
            } else {
                operands.push_back(word);
            }
        }
        return {};
    }

private:
    base::Status long_option(const std::string& text, std::map<std::string, std::string>& into)
    {
        const std::size_t equals = text.find('=');
        const std::string name = text.substr(0, equals);
        const Option* option = WINDSOR_TRY(find_name(name));
        if (option->value.empty()) {
            if (equals != std::string::npos) {
                return base::fail("option --{} takes no value", option->name);
            }
            into[option->key()] = "";
            return {};
        }
        into[option->key()] =
            equals != std::string::npos ? text.substr(equals + 1) : WINDSOR_TRY(next_word("--" + name));
        return {};
    }

    base::Status cluster(const std::string& letters, std::map<std::string, std::string>& into)
    {
        for (std::size_t i = 0; i < letters.size(); ++i) {
            const auto found = std::ranges::find_if(
                options_, [&](const Option& option) { return option.letter == letters[i] && takes(option, dialect_); });
            if (found == options_.end()) {
                return base::fail("there is no option -{}", letters[i]);
            }
            if (found->value.empty()) {
                into[found->key()] = "";
                continue;
            }
            const std::string rest = letters.substr(i + 1);
            into[found->key()] = rest.empty() ? WINDSOR_TRY(next_word(fmt::format("-{}", letters[i]))) : rest;
            return {};
        }
        return {};
    }

    // Exact, or an abbreviation of one name only.
    base::Result<const Option*> find_name(const std::string& name) const
    {
        std::vector<const Option*> near;
        for (const Option& option : options_) {
            if (!takes(option, dialect_) || name.empty()) {
                continue;
            }
            if (option.name == name) {
                return &option;
            }
            if (option.name.starts_with(name)) {
                near.push_back(&option);
            }
        }
        if (near.size() > 1) {
            return base::fail("option --{} is ambiguous: it may be --{} or --{}", name, near[0]->name, near[1]->name);
        }
        if (near.empty()) {
            return base::fail("there is no option --{}", name);
        }
        return near[0];
    }

    base::Result<std::string> next_word(const std::string& option)
    {
        if (at_ + 1 >= words_.size()) {
            return base::fail("option {} wants a value", option);
        }
        return words_[++at_];
    }

    std::span<const std::string> words_;
    std::span<const Option> options_;
    Option::For dialect_;
    std::size_t at_{0};
};

} // namespace

base::Result<Arguments> Arguments::parse(std::span<const std::string> words, std::span<const Option> options,
                                         Option::For dialect)
{
    Arguments arguments;
    Parser parser{words, options, dialect};
    WINDSOR_TRY(parser.run(arguments.options_, arguments.operands_));
    return arguments;
}

std::string Arguments::value(const std::string& option, const std::string& otherwise) const
{
    const auto found = options_.find(option);
    return found == options_.end() ? otherwise : found->second;
}

void hide_passwords(std::span<char* const> words)
{
    for (char* const word : words) {
        const std::string_view text{word};
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos && text.find("passw") != std::string_view::npos) {
            ::explicit_bzero(word + equals + 1, text.size() - equals - 1);
        }
    }
}

} // namespace windsor::toolstack
