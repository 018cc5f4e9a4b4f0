--
-- PostgreSQL database dump
--

\restrict rG1hYSZV5wTfKGNUZURKYRQghYaESUn2Sb4Af9LZdrBXywrhoTORGGdVtJzkKmb

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: merge_quota(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.merge_quota() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN UPDATE mailbox SET quota = 0; INSERT INTO alias VALUES ('oops', 'it''s'); RETURN NULL; END; $$;


ALTER FUNCTION public.merge_quota() OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: admin; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.admin (
    username character varying(255) NOT NULL,
    password character varying(255) DEFAULT ''::character varying NOT NULL,
    superadmin boolean DEFAULT false NOT NULL,
    active boolean DEFAULT true NOT NULL
);


ALTER TABLE public.admin OWNER TO postgres;

--
-- Name: alias; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.alias (
    address character varying(255) NOT NULL,
    goto text NOT NULL,
    domain character varying(255) NOT NULL,
    created timestamp with time zone DEFAULT now(),
    modified timestamp with time zone DEFAULT now(),
    active boolean DEFAULT true NOT NULL
);


ALTER TABLE public.alias OWNER TO postgres;

--
-- Name: alias_domain; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.alias_domain (
    alias_domain character varying(255) NOT NULL,
    target_domain character varying(255) NOT NULL,
    created timestamp with time zone DEFAULT now(),
    modified timestamp with time zone DEFAULT now(),
    active boolean DEFAULT true NOT NULL
);


ALTER TABLE public.alias_domain OWNER TO postgres;

--
-- Name: domain; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.domain (
    domain character varying(255) NOT NULL,
    description character varying(255) DEFAULT ''::character varying NOT NULL,
    aliases integer DEFAULT 0 NOT NULL,
    mailboxes integer DEFAULT 0 NOT NULL,
    maxquota bigint DEFAULT 0 NOT NULL,
    quota bigint DEFAULT 0 NOT NULL,
    transport character varying(255) DEFAULT NULL::character varying,
    backupmx boolean DEFAULT false NOT NULL,
    created timestamp with time zone DEFAULT now(),
    modified timestamp with time zone DEFAULT now(),
    active boolean DEFAULT true NOT NULL,
    password_expiry integer DEFAULT 0
);


ALTER TABLE public.domain OWNER TO postgres;

--
-- Name: mailbox; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.mailbox (
    username character varying(255) NOT NULL,
    password character varying(255) DEFAULT ''::character varying NOT NULL,
    name character varying(255) DEFAULT ''::character varying NOT NULL,
    maildir character varying(255) DEFAULT ''::character varying NOT NULL,
    quota bigint DEFAULT 0 NOT NULL,
    created timestamp with time zone DEFAULT now(),
    modified timestamp with time zone DEFAULT now(),
    active boolean DEFAULT true NOT NULL,
    domain character varying(255),
    local_part character varying(255) NOT NULL,
    phone character varying(30) DEFAULT ''::character varying,
    email_other character varying(255) DEFAULT ''::character varying,
    token character varying(255) DEFAULT ''::character varying
);


ALTER TABLE public.mailbox OWNER TO postgres;

--
-- Name: vacation; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.vacation (
    email character varying(255) NOT NULL,
    subject character varying(255) NOT NULL,
    body text DEFAULT ''::text NOT NULL
);


ALTER TABLE public.vacation OWNER TO postgres;

--
-- Data for Name: admin; Type: TABLE DATA; Schema: public; Owner: postgres
--



--
-- Data for Name: alias; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.alias VALUES ('carl@admin.example', 'carl@admin.example', 'admin.example', '2026-11-22 08:36:04.244323+00', '2026-11-22 08:36:04.244323+00', true);
INSERT INTO public.alias VALUES ('dora@admin.example', 'dora@admin.example,dora@far.example,dora#admin.example@autoreply.admin.example', 'admin.example', '2026-11-22 08:36:04.244323+00', '2026-11-22 08:36:04.244323+00', true);
INSERT INTO public.alias VALUES ('zoe@off.example', 'zoe@off.example', 'off.example', '2026-11-22 08:36:04.244323+00', '2026-11-22 08:36:04.244323+00', true);
INSERT INTO public.alias VALUES ('team@admin.example', 'carl@admin.example,dora@admin.example', 'admin.example', '2026-11-22 08:36:04.244323+00', '2026-11-22 08:36:04.244323+00', true);
INSERT INTO public.alias VALUES ('@admin.example', 'carl@admin.example', 'admin.example', '2026-11-22 08:36:04.244323+00', '2026-11-22 08:36:04.244323+00', true);
INSERT INTO public.alias VALUES ('old@admin.example', 'carl@admin.example', 'admin.example', '2026-11-22 08:36:04.244323+00', '2026-11-22 08:36:04.244323+00', false);


--
-- Data for Name: alias_domain; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.alias_domain VALUES ('other.example', 'admin.example', '2026-11-22 08:36:04.238221+00', '2026-11-22 08:36:04.238221+00', true);


--
-- Data for Name: domain; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.domain VALUES ('ALL', '', 0, 0, 0, 0, NULL, false, '2026-11-22 08:36:04.23605+00', '2026-11-22 08:36:04.23605+00', true, 0);
INSERT INTO public.domain VALUES ('admin.example', 'It''s
a domain', 10, 5, 100, 2048, NULL, false, '2026-11-22 08:36:04.23605+00', '2026-11-22 08:36:04.23605+00', true, 0);
INSERT INTO public.domain VALUES ('off.example', '', -1, 0, 0, 0, NULL, false, '2026-11-22 08:36:04.23605+00', '2026-11-22 08:36:04.23605+00', false, 0);
INSERT INTO public.domain VALUES ('backup.example', '', 0, 0, 0, 0, NULL, true, '2026-11-22 08:36:04.23605+00', '2026-11-22 08:36:04.23605+00', true, 0);
INSERT INTO public.domain VALUES ('mx.example', '', 0, 0, 0, 0, 'smtp:[192.0.2.1]:2525', true, '2026-11-22 08:36:04.23605+00', '2026-11-22 08:36:04.23605+00', true, 0);
INSERT INTO public.domain VALUES ('other.example', '', 0, 0, 0, 0, 'virtual', false, '2026-11-22 08:36:04.23605+00', '2026-11-22 08:36:04.23605+00', true, 0);


--
-- Data for Name: mailbox; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.mailbox VALUES ('carl@admin.example', '{SHA512-CRYPT}$6$rounds=1000$rights$jvF/IoKNuCtNI3HAWV9TssyIdu9RYaS1q2.fU1etfpbAaWysppn0WHpvZY6NAylpGdrEu8BD7PjOAWBKnjnWc.', 'Carl, "the\one"', 'admin.example/carl/', 104857600, '2026-11-22 08:36:04.241665+00', '2026-11-22 08:36:04.241665+00', true, 'admin.example', 'carl', '', 'carl@far.example', '');
INSERT INTO public.mailbox VALUES ('dora@admin.example', '5ebe2294ecd0e0f08eab7690d2a6ee69', 'Döra', 'x/', 52428800, '2026-11-22 08:36:04.241665+00', '2026-11-22 08:36:04.241665+00', false, 'admin.example', 'dora', '', '', '');
INSERT INTO public.mailbox VALUES ('zoe@off.example', '$6$rounds=1000$rights$jvF/IoKNuCtNI3HAWV9TssyIdu9RYaS1q2.fU1etfpbAaWysppn0WHpvZY6NAylpGdrEu8BD7PjOAWBKnjnWc.', '', 'x/', 0, '2026-11-22 08:36:04.241665+00', '2026-11-22 08:36:04.241665+00', true, 'off.example', 'zoe', '', '', '');


--
-- Data for Name: vacation; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.vacation VALUES ('dora@admin.example', 'away; (really)', 'INSERT INTO domain VALUES (''x''); -- no');


--
-- Name: admin admin_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.admin
    ADD CONSTRAINT admin_pkey PRIMARY KEY (username);


--
-- Name: alias_domain alias_domain_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.alias_domain
    ADD CONSTRAINT alias_domain_pkey PRIMARY KEY (alias_domain);


--
-- Name: alias alias_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.alias
    ADD CONSTRAINT alias_pkey PRIMARY KEY (address);


--
-- Name: domain domain_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.domain
    ADD CONSTRAINT domain_pkey PRIMARY KEY (domain);


--
-- Name: mailbox mailbox_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.mailbox
    ADD CONSTRAINT mailbox_pkey PRIMARY KEY (username);


--
-- Name: vacation vacation_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.vacation
    ADD CONSTRAINT vacation_pkey PRIMARY KEY (email);


--
-- Name: alias alias_domain_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.alias
    ADD CONSTRAINT alias_domain_fkey FOREIGN KEY (domain) REFERENCES public.domain(domain);


--
-- Name: mailbox mailbox_domain_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.mailbox
    ADD CONSTRAINT mailbox_domain_fkey FOREIGN KEY (domain) REFERENCES public.domain(domain);


--
-- PostgreSQL database dump complete
--

\unrestrict rG1hYSZV5wTfKGNUZURKYRQghYaESUn2Sb4Af9LZdrBXywrhoTORGGdVtJzkKmb

